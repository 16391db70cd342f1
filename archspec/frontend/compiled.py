"""What compiling a spec is told, and what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from archspec.diagnostics import Diagnostic, Severity
from archspec.frontend.limits import Limits
from archspec.frontend.resolve import dump
from archspec.frontend.tree import Table
from archspec.ir.graph import Graph, Node

if TYPE_CHECKING:
    from archspec.frontend.schema import ArchSpec
    from archspec.frontend.train_schema import TrainSpec


class Compiled(NamedTuple):
    """A spec that has been compiled.

    Attributes:
        graph: The network; with errors, the part before them.
        spec: The spec's top level.
        train: The spec's `train` section.
        tree: The spec with variant and settings applied.
        stopped_at: How many nodes stand above the first layer that failed, if one did.
        expect_skipped: Whether the file's expectations did not apply, because a variant or
            a setting changed what they speak of.
        diagnostics: Warnings, and errors if the caller asked to have them returned.
        sources: The text of every file read, by its path.
        library: The names of the blocks, if the file is a library of blocks and no spec.
    """

    graph: Graph
    spec: ArchSpec | None
    train: TrainSpec | None
    tree: Table
    stopped_at: int | None
    expect_skipped: bool
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, str]
    library: tuple[str, ...] | None = None

    @property
    def ok(self) -> bool:
        """Whether there are no errors."""
        return all(d.severity is not Severity.ERROR for d in self.diagnostics)

    @property
    def variants(self) -> tuple[str, ...]:
        """The names of the file's variants."""
        return tuple(self.spec.variants) if self.spec else ()

    @property
    def resolved(self) -> str:
        """The spec with variant and settings applied, as YAML text that compiles by itself."""
        return dump(self.tree)

    def sound_nodes(self) -> list[Node]:
        """Returns the nodes above the first layer that failed; all if none did."""
        return self.graph.nodes[: self.stopped_at]


class Options(TypedDict, total=False):
    """How a spec is compiled.

    Attributes:
        variant: The variant to apply.
        settings: Values by parameter name, `inputs.NAME`, or dotted path into `train`, as
            YAML text.
        limits: How large the spec may be.
        allow_outside: Whether the spec may name files outside of its project.
    """

    variant: str | None
    settings: Mapping[str, str]
    limits: Limits
    allow_outside: bool


def failed(report: list[Diagnostic], sources: Mapping[str, str]) -> Compiled:
    """Returns what there is of a spec that cannot be read."""
    return Compiled(
        graph=Graph(""),
        spec=None,
        train=None,
        tree=Table({}, report[0].span),
        stopped_at=None,
        expect_skipped=False,
        diagnostics=tuple(report),
        sources=sources,
    )
