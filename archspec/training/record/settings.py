"""The settings of a run as a table: a dotted name and a text each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pydantic import BaseModel

from archspec.frontend.train_schema import Choice, TrainSpec


class _Setting(NamedTuple):
    """A value of a `train` section.

    Attributes:
        name: Its dotted name.
        text: The value, in a line.
        said: Whether the spec says it, and it is not a default.
    """

    name: str
    text: str
    said: bool


def settings(spec: TrainSpec) -> dict[str, str]:
    """Returns the values of a `train` section by name, what is not set left out.

    What is chosen is the value of its choice: `optimizer` is `adam`, and `optimizer.lr` 0.001.
    Phases are counted from 0, as by `--set`.

    Args:
        spec: The `train` section.
    """
    return {each.name: each.text for each in _section("", spec, said=True)}


def mere_defaults(spec: TrainSpec) -> frozenset[str]:
    """Returns the settings that a spec leaves at their defaults beside others that it says.

    Where one run has a section and another has not, these tell nothing.

    Args:
        spec: The `train` section.
    """
    found = list(_section("", spec, said=True))
    sections = {each.name.rpartition(".")[0] for each in found if each.said}
    chosen = {each.name for each in found}
    return frozenset(
        each.name
        for each in found
        if not each.said and each.name.rpartition(".")[0] in sections | chosen
    )


def _section(path: str, section: BaseModel, *, said: bool) -> Iterator[_Setting]:
    if isinstance(section, Choice):
        options = section.options
        text = section.name if isinstance(options, BaseModel) else text_of(section)
        yield _Setting(path, text, said)
        if isinstance(options, BaseModel):
            yield from _fields(path, options)
    else:
        yield from _fields(path, section)


def _fields(path: str, section: BaseModel) -> Iterator[_Setting]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        inner = f"{path}.{name}" if path else name
        said = name in section.model_fields_set
        if isinstance(value, BaseModel):
            yield from _section(inner, value, said=said)
        elif isinstance(value, list) and all(_is_plain(each) for each in value):
            for at, each in enumerate(value):
                yield from _section(f"{inner}.{at}", each, said=said)
        elif value not in (None, [], {}):
            yield _Setting(inner, text_of(value), said)


def _is_plain(value: object) -> bool:
    """Returns whether a value is a section that is no choice: such are not told in a line."""
    return isinstance(value, BaseModel) and not isinstance(value, Choice)


def text_of(value: object) -> str:
    """Returns a value in a line, as one would write it in YAML."""
    if isinstance(value, Choice):
        options = value.options
        said = _options(options) if isinstance(options, BaseModel) else text_of(options)
        return f"{value.name} {said}".rstrip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {text_of(each)}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(text_of, value))
    return str(value)


def _options(options: BaseModel) -> str:
    given = {name: getattr(options, name) for name in type(options).model_fields}
    return "(" + ", ".join(f"{n} {text_of(v)}" for n, v in given.items() if v is not None) + ")"
