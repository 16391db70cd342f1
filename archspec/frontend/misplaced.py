"""Keys that stand beside the section they belong to, or instead of a key that is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from archspec.frontend.tree import Scalar, Table, Tree

Location: TypeAlias = tuple[int | str, ...]
Faults: TypeAlias = Mapping[Location, list[Any]]


def sections_above(faults: Faults, find: Callable[[Location], Tree | None]) -> dict[Location, str]:
    """Returns the unknown keys that follow a section without a value, with that section.

    Args:
        faults: What pydantic found, by place.
        find: Returns what stands at a place.
    """
    above: dict[Location, str] = {}
    for place, found in faults.items():
        table = find(place[:-1])
        if found[0]["type"] != "extra_forbidden" or not isinstance(table, Table):
            continue
        keys = [*table.entries]
        for key in reversed(keys[: keys.index(str(place[-1]))]):
            if not _is_unknown(faults, (*place[:-1], key)):
                value = table.entries[key].value
                if isinstance(value, Scalar) and value.value is None:
                    above[place] = key
                break
    return above


def beside_help(key: str, section: str) -> str:
    """Returns the help line for a key that stands beside its section."""
    if section == "layers":
        layer = key.lstrip("-")
        return f"each layer begins with a hyphen and a space, below `layers:`: `- {layer}`"
    return f"indent `{key}:` below `{section}:` if it belongs there"


def silenced(above: Mapping[Location, str]) -> set[Location]:
    """Returns the places whose faults are those of the misplaced keys below a section."""
    sections = {(*place[:-1], key) for place, key in above.items()}
    first = {(place[:-1], key): place for place, key in reversed([*above.items()])}
    return sections | {place for place in above if place not in first.values()}


def _is_unknown(faults: Faults, place: Location) -> bool:
    return place in faults and faults[place][0]["type"] == "extra_forbidden"
