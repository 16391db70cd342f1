"""What an import found, in words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from archspec.backends.weights_import.matching import (
    MAP,
    NAME,
    ORDER,
    PLACE,
    ROLE,
    SCOPE,
    SHAPE,
)
from archspec.diagnostics.counted import counted

if TYPE_CHECKING:
    from archspec.backends.weights_import.importing import Imported

REASONS = {
    NAME: "equal names",
    SHAPE: "shape",
    ORDER: "order of the data",
    PLACE: "place in the graph",
    SCOPE: "scope",
    ROLE: "role in other scopes",
    MAP: "mapping",
}
"""What decided a match, in words."""


def reason_text(reason: str) -> str:
    """Returns what decided a match, in words."""
    return REASONS[reason]


def summary_text(made: Imported) -> str:
    """Returns how many layers were found, and by what."""
    found = {row.layer: row.reason for row in made.rows}
    counts = Counter(found.values())
    by = ", ".join(f"{counts[reason]} by {text}" for reason, text in REASONS.items()
                   if counts[reason])  # fmt: skip
    return f"{counted(len(found), 'layer', 'layers')}" + (f" ({by})" if by else "")
