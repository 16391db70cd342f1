"""What the shipped networks are said to equal, and the references themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from archspec.frontend.catalogue import Entry, catalogue

REFERENCE = Path(__file__).parent / "reference"
ZOO: dict[str, Any] = json.loads((REFERENCE / "zoo.json").read_text(encoding="utf-8"))["models"]
LISTINGS: dict[str, Any] = json.loads((REFERENCE / "listings.json").read_text(encoding="utf-8"))[
    "listings"
]


class Row(NamedTuple):
    """What is compared of a layer.

    Attributes:
        op: Its operator, or what stands for it in all implementations.
        shape: Its output, channels first and without batch.
        params: Its learnt weights.
        macs: Its multiply-adds.
    """

    op: str
    shape: list[int]
    params: int
    macs: int


def claims(group: str) -> dict[str, Entry]:
    """Returns which network claims to equal each reference of `zoo` or `listings`, by its key."""
    return {
        key.removeprefix(f"{group}/"): entry
        for entry in catalogue()
        for key in entry.reference
        if key.startswith(f"{group}/")
    }


def channels_first(shape: list[int], *, is_keras: bool) -> list[int]:
    """Returns the shape of one example, channels first."""
    return [shape[-1], *shape[:-1]] if is_keras else shape
