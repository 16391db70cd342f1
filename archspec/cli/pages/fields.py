"""The fields of an operator or section, with their types as people say them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from archspec.cli.pages.layout import WIDTH, filled
from archspec.frontend.arguments import as_text
from archspec.frontend.schema import NAME
from archspec.frontend.validation import models
from archspec.ir.op import LARGEST

_NOUNS = {int: ("a whole number", "whole numbers"), float: ("a number", "numbers"),
          bool: ("true or false", "booleans"), str: ("text", "texts")}  # fmt: skip


def type_text(field: FieldInfo) -> str:
    """Returns what a field takes, such as `a whole number from 1`."""
    return _text(field.annotation, field.metadata, optional=field.default is None)


def use_text(field: FieldInfo) -> str:
    """Returns whether a field is required, or its default."""
    if field.is_required():
        return "required"
    return "optional" if field.default is None else f"default {as_text(field.default)}"


def section_fields(
    model: type[BaseModel], elsewhere: Mapping[type[BaseModel], str], indent: str = ""
) -> Iterator[str]:
    """Yields a line for each field of a section, and of the sections inside it.

    Args:
        model: The section.
        elsewhere: The sections that have a page of their own, and its name.
        indent: Spaces before each line.
    """
    for name in model.model_fields:
        yield from _key(model, name, elsewhere, indent)


def keys_named(
    word: str, model: type[BaseModel], elsewhere: Mapping[type[BaseModel], str], path: str = ""
) -> Iterator[str]:
    """Yields the lines of the keys that have a name, with those below them.

    Args:
        word: The name; also one of the words that a key takes.
        model: The section in which they are looked for, and in those inside it.
        elsewhere: The sections that have a page of their own, and its name.
        path: What the section is called in the one that was asked about, with a dot.
    """
    for name, field in model.model_fields.items():
        if name == word or word in choices_of(field.annotation):
            yield from _key(model, name, elsewhere, "", path)
        for inner in models(field.annotation):
            if inner not in elsewhere:
                yield from keys_named(word, inner, elsewhere, f"{path}{name}.")


def choices_of(annotation: Any) -> Iterator[object]:  # noqa: ANN401 - a type of any form
    """Yields the words that a type takes."""
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
        return
    for inner in get_args(annotation):
        yield from choices_of(inner)


def _key(
    model: type[BaseModel],
    name: str,
    elsewhere: Mapping[type[BaseModel], str],
    indent: str,
    path: str = "",
) -> Iterator[str]:
    """Yields the lines of a key, and of those below it."""
    field = model.model_fields[name]
    default = field.get_default(call_default_factory=True)
    simple = not isinstance(default, BaseModel) and default not in (None, [], {})
    use = "required" if field.is_required() else f"default {as_text(default)}" if simple else ""
    line = f"{indent}{path}{name}: {field.description}" + (f" ({use})" if use else "")
    yield filled(line, len(indent) + 8, WIDTH - 2)
    choices = get_args(field.annotation) if "Literal" in str(field.annotation) else ()
    if choices and all(isinstance(choice, str) for choice in choices):
        yield f"{indent}    one of {', '.join(choices)}"
    for inner in models(field.annotation):
        if inner in elsewhere:
            yield f"{indent}    see `archspec explain {elsewhere[inner]}`"
        else:
            yield from section_fields(inner, elsewhere, indent + "    ")


def _text(
    annotation: Any,  # noqa: ANN401 - a type of any form
    metadata: Iterable[object] = (),
    *,
    plural: bool = False,
    optional: bool = False,
) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        said = [*metadata]
        for extra in inner[1:]:
            said += extra.metadata if isinstance(extra, FieldInfo) else [extra]
        return _text(inner[0], said, plural=plural, optional=optional)
    if origin in (Union, UnionType):
        members = [m for m in inner if not (optional and m is NoneType)]
        return _either(members, plural=plural)
    if origin is Literal:
        return _listed([f"`{value}`" if isinstance(value, str) else str(value) for value in inner])
    if origin in (tuple, list):
        items = _text(inner[0], plural=True)
        if origin is tuple and inner[-1] is not ...:
            items = f"{len(inner)} {items}"
        return f"{'lists' if plural else 'a list'} of {items}"
    if origin is dict:
        return f"a mapping of {_text(inner[0], plural=True)} to {_text(inner[1], plural=True)}"
    if annotation is NoneType:
        return "null"
    noun = _NOUNS.get(annotation, ("a value", "values"))[plural]
    if any(getattr(constraint, "pattern", None) == NAME for constraint in metadata):
        noun = "names" if plural else "a name"
    return f"{noun}{_bounds(annotation, metadata)}"


def _either(members: list[Any], *, plural: bool) -> str:
    """Returns the members of a union; a list of what stands before it is `a list of them`."""
    texts: list[str] = []
    for index, member in enumerate(members):
        text = _text(member, plural=plural)
        for before in members[:index]:
            items = re.escape(_text(before, plural=True))
            text = re.sub(f"of (?:([0-9]+) )?{items}$", _of_them, text)
        texts.append(text)
    lists = not plural and any("list" in text for text in texts)
    return (", or " if lists else " or ").join(texts)


def _of_them(found: re.Match[str]) -> str:
    return f"of {found[1]} of them" if found[1] else "of them"


def _bounds(kind: type, metadata: Iterable[object]) -> str:
    """Returns the bounds of a number, such as ` from 0 to 1`; none that only memory sets."""
    limits = {
        name: value
        for constraint in metadata
        for name in ("gt", "ge", "le", "lt")
        if (value := getattr(constraint, name, None)) is not None and abs(value) < LARGEST
    }
    if kind is int and "gt" in limits:
        limits["ge"] = limits.pop("gt") + 1
    words = {"gt": "above", "ge": "from", "le": "to", "lt": "below"}
    return "".join(f" {word} {limits[name]:g}" for name, word in words.items() if name in limits)


def _listed(words: list[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
