"""How large a spec may be: defaults that hold back bombs, and what it costs to raise them.

Everything that reads or expands a spec is given `Limits`; a command has a flag for each. What is
spent while a spec is expanded is counted by `Work`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from archspec.diagnostics import Diagnostic, Span


class Limits(NamedTuple):
    """How large a spec may be.

    `LIMITS` says of each field what it counts, why there is a limit, and how far it can be raised.
    """

    nodes: int = 20_000
    depth: int = 128
    bytes: int = 4 * 2**20
    values: int = 200_000
    files: int = 1_000
    chain: int = 32
    errors: int = 100
    integer: int = 10**18
    list_length: int = 10_000
    formula_depth: int = 50


DEFAULTS = Limits()


class Limit(NamedTuple):
    """The documentation of one limit.

    Attributes:
        what: What it counts.
        why: What it is for.
        most: How far it can be raised.
        because: Why no further.
        yet: What raising it does not change.
    """

    what: str
    why: str
    most: int = 10**9
    because: str = "no machine could hold more"
    yet: str = ""


_DEEP = "Python's own stack ends there"

LIMITS: Mapping[str, Limit] = {
    "nodes": Limit(
        "the layers of the network; also the turns of a `repeat`, and "
        "with 26 steps for each layer the work of expanding it",
        "blocks and repeats multiply, so a few lines can ask for more layers than memory holds",
    ),
    "depth": Limit(
        "how deep lists, mappings, calls of blocks and lists in formulas nest",
        "what is nested is read by nested calls",
        3_000,
        _DEEP,
    ),
    "bytes": Limit("the size of a file", "a spec is text that somebody reads"),
    "values": Limit(
        "the keys, values, lists and mappings of a file",
        "each takes microseconds and a few hundred bytes, an editor checks at every key",
    ),
    "files": Limit(
        "the files put together, each counted as often as it is named",
        "files that name others twice double at every step",
    ),
    "chain": Limit(
        "how many files name one another in a row", "they are read by nested calls", 200, _DEEP
    ),
    "errors": Limit(
        "the mistakes that are reported", "nobody reads on, and each looks for a remedy"
    ),
    "integer": Limit(
        "the largest whole number of a formula",
        "sizes in PyTorch and ONNX have 64 bits, and products of larger ones take ever longer",
        10**38,
        "longer numbers are read as decimal fractions",
        f" (but sizes of layers and inputs end at {2**31 - 1:_} in any case)",
    ),
    "list_length": Limit(
        "the values that formulas put into one list, those of lists inside counted too",
        "parameters `=[x, x]` in a row double at every step",
    ),
    "formula_depth": Limit("how deep a formula nests", "it is read by nested calls", 1_000, _DEEP),
}
"""The documentation of every field of `Limits`."""

STEPS_PER_NODE = 26
"""The work that may be done for each node."""

STEPS_PER_LAYER = 6
"""The work of expanding one layer, also one that makes no node."""

STEPS_PER_FORMULA = 8
"""The work of reading a formula, besides a step for each character."""

_FRAMES = 12
"""The nested calls of Python for one level of nesting, at most."""

_OTHER_FRAMES = 500
"""What all else needs of Python's stack."""


class Exhausted(Exception):  # noqa: N818 - it ends the expansion, it is not a bug
    """All the work that may be done for a spec has been done."""


class Work:
    """What may be done for one spec.

    Attributes:
        limits: How large the spec may be.
    """

    __slots__ = ("_left", "_reported", "limits")

    def __init__(self, limits: Limits = DEFAULTS) -> None:
        self.limits = limits
        self._left = STEPS_PER_NODE * limits.nodes
        self._reported = False

    def spend(self, steps: int) -> None:
        """Counts steps, each of about a microsecond.

        Raises:
            Exhausted: There have been too many.
        """
        self._left -= steps
        if self._left < 0:
            raise Exhausted

    def refuse(self, span: Span, report: list[Diagnostic]) -> None:
        """Reports that there have been too many steps, if that has not been done."""
        if not self._reported:
            self._reported = True
            steps = STEPS_PER_NODE * self.limits.nodes
            message = f"this spec takes more than {steps:,} steps to expand"
            help_ = "check `repeat`, `each`, and the length of lists and formulas, or "
            report.append(Diagnostic("E008", message, span, help_ + allow("nodes")))


def flag(name: str) -> str:
    """Returns the flag that raises a limit."""
    return f"--max-{name.replace('_', '-')}"


def allow(name: str, wanted: int | None = None) -> str:
    """Returns the advice to raise a limit, for a help line.

    Args:
        name: The limit.
        wanted: What would do, if that is known.
    """
    limit = LIMITS[name]
    if wanted is not None and wanted > limit.most:
        return f"{flag(name)} goes up to {limit.most:_}: {limit.because}"
    return f"allow more with {flag(name)} {'N' if wanted is None else f'{wanted:_}'}{limit.yet}"


@contextmanager
def stack_for(limits: Limits) -> Iterator[None]:
    """Lets Python nest calls as deep as the limits let a spec nest."""
    before = sys.getrecursionlimit()
    levels = limits.depth + limits.formula_depth + limits.chain
    sys.setrecursionlimit(max(before, _OTHER_FRAMES + _FRAMES * levels))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
