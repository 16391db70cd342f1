"""The settings of a run as a table: a dotted name and a text each."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from archspec.frontend.train_schema import Choice, TrainSpec


def settings(spec: TrainSpec) -> dict[str, str]:
    """Returns the values of a `train` section by name, what is not set left out.

    What is chosen is the value of its choice: `optimizer` is `adam`, and `optimizer.lr` 0.001.
    """
    return dict(_section("", spec))


def _section(path: str, section: BaseModel) -> Iterator[tuple[str, str]]:
    if isinstance(section, Choice):
        options = section.options
        yield path, section.name if isinstance(options, BaseModel) else text_of(section)
        if isinstance(options, BaseModel):
            yield from _fields(path, options)
    else:
        yield from _fields(path, section)


def _fields(path: str, section: BaseModel) -> Iterator[tuple[str, str]]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        inner = f"{path}.{name}" if path else name
        if isinstance(value, BaseModel):
            yield from _section(inner, value)
        elif isinstance(value, list) and all(_is_plain(each) for each in value):
            for at, each in enumerate(value, 1):
                yield from _section(f"{inner}.{at}", each)
        elif value not in (None, [], {}):
            yield inner, text_of(value)


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
