"""Help lines for values that do not fit, told from what they look like."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pydantic import BaseModel, ValidationError

from archspec import ops
from archspec.frontend.arguments import as_text
from archspec.frontend.formula import FormulaError, parse
from archspec.frontend.formula.attributes import SIZES
from archspec.frontend.suggest import nearest_word

_FILE = re.compile(r"[\w./\\-]*\.(\w+)")
"""What looks like the name of a file, and not like a computation."""


_SHELL = re.compile(r"\$\{?(\w+)\}?")
"""A parameter as a shell writes it."""

OTHERWISE = {
    "dataset": "for examples of your own write `folder`, `npz`, `npy`, `table` or `huggingface`"
}
"""What may stand instead of a key whose values are few."""


def text_help(text: str, *, of_layer: bool, wants_number: bool) -> str:
    """Returns a hint for a text where none is wanted, or an empty string.

    Args:
        text: The text.
        of_layer: Whether it is a field of a layer, where formulas may stand.
        wants_number: Whether no word could stand there either.
    """
    if text.startswith("(") and text.endswith(")"):
        return f"a list is written in brackets: [{text[1:-1]}]"
    if of_layer and (shell := _SHELL.fullmatch(text)):
        return f"if `{shell[1]}` is a parameter, write `={shell[1]}`"
    if of_layer and (item := re.match(r"(.+?) (- [a-z]\w*)", text)) and item[2][2:] in ops.names():
        return f"if `{item[2]}` is a layer, indent it like the layer above"
    if text.startswith("=") and not of_layer:
        return f"no formula can stand here; write {_computed(text[1:]) or 'the value itself'}"
    if of_layer and wants_number and text.isidentifier():
        return f"if `{text}` is a parameter, write `={text}`"
    return _formula_help(text)


def form_help(key: str, value: object) -> str:
    """Returns a hint for a list where a mapping is wanted, or the other way round, by its key."""
    if key == "inputs" and isinstance(value, list):
        return f"give the input a name: `inputs: {{image: {as_text(value)}}}`"
    if key == "layers" and isinstance(value, dict):
        first = next(iter(value), "relu").lstrip("-")
        return f"each layer begins with a hyphen and a space: `- {first}`"
    if key == "layers" and isinstance(value, str) and value.strip():
        return f"each layer is a line that begins with a hyphen and a space: `- {value.split()[0]}`"
    if value is None and key:
        return f"indent what belongs to it below `{key}:`, or leave `{key}:` out"
    return ""


def option_help(key: str, value: object, wanted: Iterable[type[BaseModel]]) -> str:
    """Returns a hint for a single value where options are wanted: the option that it may be."""
    if value is None or isinstance(value, (str, list, dict)):
        return ""
    for model in wanted:
        for name in model.model_fields:
            try:
                model.model_validate({name: value})
            except ValidationError:
                continue
            return f"write `{key}: {{{name}: {as_text(value)}}}`"
    return ""


def choice_help(key: str, value: object, expected: str) -> str:
    """Returns a hint for a word that is none of those that a key can have."""
    nearest = nearest_word(str(value), re.findall(r"'([^']*)'", expected))
    return f"did you mean `{nearest}`?" if nearest else OTHERWISE.get(key, "")


def _computed(formula: str) -> str:
    """Returns the value of a formula without names, or an empty string."""
    try:
        value = parse(formula).evaluate(dict[str, object]().__getitem__)
    except FormulaError:
        return ""
    return f"`{as_text(value)}`" if isinstance(value, (int, float)) else ""


def _formula_help(text: str) -> str:
    """Returns a hint if the text would be a formula, had it a `=`."""
    file = _FILE.fullmatch(text)
    if file and file[1] not in SIZES:
        return ""
    try:
        uses = parse(text).names()
    except FormulaError:
        return ""
    return f"a formula begins with `=`: `={text}`" if uses and text != uses[0].name else ""
