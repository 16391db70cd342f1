"""A spec that has been checked, whatever came of it: what every format prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from archspec.cli.common import ENVIRONMENT, INTERNAL, NO, OK
from archspec.diagnostics import Diagnostic, Severity
from archspec.diagnostics.counted import counted
from archspec.frontend import Compiled


class Checked(NamedTuple):
    """What was found out about a spec.

    Attributes:
        path: The file.
        variant: The variant that was applied.
        compiled: What there is of the network.
        diagnostics: What is to be said about it: without the warnings that are ignored.
    """

    path: str
    variant: str | None
    compiled: Compiled
    diagnostics: tuple[Diagnostic, ...]

    @property
    def title(self) -> str:
        """The file, with the variant."""
        return self.path if self.variant is None else f"{self.path} ({self.variant})"

    @property
    def errors(self) -> int:
        """How many errors there are."""
        return sum(d.severity is Severity.ERROR for d in self.diagnostics)

    @property
    def warnings(self) -> int:
        """How many warnings there are."""
        return len(self.diagnostics) - self.errors

    @property
    def counts(self) -> str:
        """The numbers of errors and warnings in words; empty if there are none."""
        return faults(self.errors, self.warnings)

    @property
    def unreadable(self) -> bool:
        """Whether there is no such file, or none that may be read."""
        return not self.sources and any(d.code == "E001" for d in self.diagnostics)

    @property
    def sources(self) -> Mapping[str, str]:
        """The text of every file read, by its path."""
        return self.compiled.sources

    def exit_code(self, *, strict: bool) -> int:
        """Returns what the process says of the spec; with `strict`, warnings count as errors."""
        if any(diagnostic.code == "E900" for diagnostic in self.diagnostics):
            return INTERNAL
        if self.unreadable:
            return ENVIRONMENT
        return NO if self.errors or (strict and self.warnings) else OK


def faults(errors: int, warnings: int) -> str:
    """Returns numbers of errors and warnings in words; nothing if there are none."""
    counts = [
        counted(number, one, f"{one}s")
        for number, one in ((errors, "error"), (warnings, "warning"))
        if number
    ]
    return ", ".join(counts)
