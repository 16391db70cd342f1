"""Did-you-mean: the help lines for words that do not exist.

It is told what there is, and knows what the same thing is called elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archspec.ir.op import Operator

MOST = 30
"""The most words that a help line lists."""

OF_LAYERS = 4
"""How many of the keys of every layer a help line lists."""

MANY, LONGEST = 1000, 60
"""Among more words, and of longer ones, no misspelling is looked for: it would take too long."""

LIKELY, CERTAIN = 0.6, 0.75
"""How alike two words must be for one to be a misspelling of the other."""


def did_you_mean(word: str, known: Iterable[str], *, what: str, also: Iterable[str] = ()) -> str:
    """Returns a help line with the nearest known word, or with all of a few.

    Args:
        word: The word that does not exist.
        known: Those that do.
        what: What they are, in the singular.
        also: Further ones that a plain misspelling may mean; they are not listed.
    """
    options = [*known]
    if len(options) > MANY:
        return f"none of the {len(options):,} {_several(what)} is called so"
    options.sort()
    nearest = (
        nearest_word(word, options, CERTAIN)
        or nearest_word(word, also, CERTAIN)
        or nearest_word(word, options)
    )
    if nearest:
        return f"did you mean `{nearest}`?"
    if not options:
        return f"there is no {what} here"
    shown = ", ".join(options[:MOST]) + (", …" if len(options) > MOST else "")
    return f"known {_several(what)}: {shown}"


def _several(what: str) -> str:
    return f"{what}es" if what.endswith("s") else f"{what}s"


def nearest_word(word: str, options: Iterable[str], cutoff: float = LIKELY) -> str | None:
    """Returns the option that `word` is a misspelling of, if there is one.

    Of equally near ones it is the one with the same digits, and then the one for images.
    """
    from difflib import SequenceMatcher  # only a faulty spec pays for it

    wanted = compact(word)
    digits = {*filter(str.isdigit, wanted)}
    options = [*options]
    if len(options) > MANY or len(wanted) > LONGEST:
        return None

    def score(option: str) -> tuple[float, bool, bool]:
        alike = SequenceMatcher(None, wanted, compact(option)).ratio()
        return alike, {*filter(str.isdigit, option)} == digits, "2d" in option

    best = max(options, key=score, default=None)
    return best if best is not None and score(best)[0] >= cutoff else None


def compact(word: str) -> str:
    """Returns a name without case and underscores, so that `LeakyReLU` is `leaky_relu`."""
    return word.replace("_", "").replace("-", "").lower()


def operator_help(
    word: str,
    blocks: Collection[str],
    constructs: Collection[str] = (),
    *,
    given: object = None,
    params: Collection[str] = (),
) -> str:
    """Returns a help line for an operator or block that does not exist.

    Args:
        word: What is called; it may have a library's prefix, or arguments in parentheses.
        blocks: The names of the blocks that can be called.
        constructs: The layers of the language that can be called.
        given: What the layer is given behind its colon.
        params: The names of the parameters there.
    """
    from archspec import ops
    from archspec.frontend import vocabulary
    from archspec.frontend.shipped import is_shipped, shipped_specs, shipped_variants

    name = vocabulary.bare(word)
    options = (*blocks, *constructs, *ops.names())
    if slip := _slip(word, options):
        return slip
    if word in params:
        return f"to call what the parameter `{word}` says, write `- ={word}`"
    if name in options:
        return f"write `{_line(name, word, given)}`"
    if advice := vocabulary.operator_advice(name):
        return activation_help(word, given) if compact(name) == "activation" else advice
    if found := vocabulary.called_elsewhere(word):
        library = vocabulary.library_of(word) or found.library
        there = f"{library} calls it so; " if library == found.library != "" else ""
        if name == word and _takes(found.name, given):
            return f"{there}here it is `{found.name}`"
        return f"{there}here it is written `{_line(found.name, word, given, library)}`"
    if is_shipped(name):
        specs = () if name in shipped_specs() else shipped_variants()[name]
        use = f"{{spec: {specs[0]}, variant: {name}}}" if specs else name
        return f"write `- use: {use}` for the spec that ships with archspec"
    nearest = nearest_word(name, options)
    if nearest:
        return f"did you mean `{nearest}`?"
    blocks_ = f"; the blocks are {', '.join(sorted(blocks)[:MOST])}" if blocks else ""
    return f"`archspec explain` lists the operators{blocks_}"


def activation_help(word: str, given: object) -> str:
    """Returns a help line for an activation that is said as `word`, a layer or a field."""
    from archspec import ops
    from archspec.frontend.elsewhere import call_of
    from archspec.frontend.vocabulary import called_elsewhere

    call = call_of(word)
    (said, *_) = call.values if call and call.values else (given,)
    name = said if isinstance(said, str) else ""
    found = called_elsewhere(name) if name and name not in ops.names() else None
    meant = found.name if found else name
    if meant not in ops.names():
        return "write the activation as a layer of its own, such as `- relu`"
    return f"write the activation as a layer of its own: `- {meant}`"


def _slip(word: str, options: Collection[str]) -> str:
    """Returns a help line for a layer that exists, but is written without its colon."""
    found = re.match(r"(\w+)(\s*[:：]\s*|\s+(?=\S))(.*)", word, re.DOTALL)
    if not found or found[1] not in options:
        return ""
    name, gap, value = found.groups()
    if value.startswith("- "):
        return f"indent `{value}` like the layer above it, `- {name}`"
    if value.startswith("{"):
        return f"put a colon and a space after `{name}`: `- {name}: {{{value[1:]}: …}}`"
    if "：" in gap:
        return f"`：` is not YAML's colon: write `- {name}: {value or '…'}`"
    if ":" in gap:
        return f"put a space after the colon: `- {name}: {value}`"
    return f"put a colon after the name: `- {name}: {value}`"


def _takes(name: str, given: object) -> bool:
    """Returns whether an operator or construct could be given the same as it stands."""
    from archspec import ops
    from archspec.frontend.layer import RESERVED

    if name not in ops.names() or given is None:
        return True
    operator = ops.find(name)
    if operator.variadic or not isinstance(given, (dict, list)):
        return True
    keys = {*operator.model_fields, *operator.input_names, *RESERVED}
    return isinstance(given, dict) and given.keys() <= keys


def field_help(
    word: str,
    known: Collection[str],
    *,
    what: str,
    operator: type[Operator] | None = None,
    reserved: Collection[str] = (),
    given: object = None,
) -> str:
    """Returns a help line for a key that a layer does not have.

    Args:
        word: The key.
        known: The keys of the layer's own.
        what: What they are, in the singular.
        operator: What is called, if it is an operator.
        reserved: The keys of every layer.
        given: Its value.
    """
    from archspec.frontend import vocabulary

    options = {*known, *reserved}
    in_keras = operator.keras_fields.get(word) if operator else None
    if in_keras in options:
        return f"Keras calls it so; here it is `{in_keras}`"
    if reserved and word == "activation":
        return activation_help(word, given)
    if reserved and word in vocabulary.FIELD_ADVICE:
        return vocabulary.FIELD_ADVICE[word]
    meant = next((key for key in vocabulary.FIELDS.get(word, ()) if key in options), None)
    if meant:
        return f"here it is `{meant}`"
    help_ = did_you_mean(word, known, what=what, also=reserved)
    if reserved and help_.startswith("known"):
        help_ += f"; and those of every layer: {', '.join([*reserved][:OF_LAYERS])}, …"
    return help_


def section_help(
    word: str,
    known: Collection[str],
    find: Callable[[str], str | None],
    *,
    what: str = "key",
) -> str:
    """Returns a help line for a key, or a choice, that a section of a spec does not have.

    Args:
        word: The key.
        known: The keys of the section.
        find: Returns the section below that has a key, if one has.
        what: What a key is called.
    """
    from archspec.frontend.vocabulary import SECTION_ADVICE, SECTIONS

    for key in (word, *SECTIONS.get(word, ())):
        if key in known:
            return f"here it is `{key}`"
        if place := find(key):
            here = "it is" if key == word else f"here it is `{key}`,"
            return f"{here} a key of `{place}`"
    if word in SECTION_ADVICE:
        return SECTION_ADVICE[word]
    return did_you_mean(word, known, what=what)


def _line(name: str, word: str, given: object, library: str = "") -> str:
    """Returns how an operator, block or construct is written as a layer, with its values."""
    from archspec import ops
    from archspec.frontend.arguments import as_text
    from archspec.frontend.elsewhere import call_of, written_here

    if name in ops.names() and ops.find(name).examples:
        line, activation = written_here(ops.find(name), word, given, library=library)
        return f"{line}` and below it `- {activation}" if activation in ops.names() else line
    call = call_of(word)
    if given is None and (call is None or not (call.values or call.named)):
        return f"- {name}"
    alone = call.values[0] if call and len(call.values) == 1 and not call.named else None
    return f"- {name}: {as_text(alone) if alone is not None else '…'}"
