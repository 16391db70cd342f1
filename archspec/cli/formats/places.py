"""Diagnostics for services that show them beside the files of a repository."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from archspec.cli.checked import Checked
from archspec.diagnostics import Diagnostic, Span
from archspec.frontend.resolve import Setting


def findings(results: Sequence[Checked]) -> Iterator[Diagnostic]:
    """Yields what is said about all specs, each once; everything has a place in a file."""
    said: dict[object, Diagnostic] = {}
    for result in results:
        for found in result.diagnostics:
            # The variants of a spec share their mistakes.
            said.setdefault((found.code, found.message, found.span), _in_a_file(found, result))
    yield from said.values()


def _in_a_file(found: Diagnostic, result: Checked) -> Diagnostic:
    """Returns a diagnostic that does not point at the command line, but at the spec."""
    labels = [label for label in found.labels if not isinstance(label.span.file, Setting)]
    if isinstance(found.span.file, Setting):
        message = f"{found.message} ({found.span.file})"
        found = found._replace(message=message, span=Span(result.path))
    return found._replace(labels=tuple(labels))


def relative(file: str) -> str | None:
    """Returns a path from here, with forward slashes; `None` if it is not below."""
    path = Path(os.path.relpath(file))
    return None if path.is_absolute() or ".." in path.parts else path.as_posix()
