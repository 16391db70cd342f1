"""For GitHub Actions: workflow commands that annotate the lines of a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from archspec.cli.checked import Checked
from archspec.cli.formats.places import findings, relative
from archspec.diagnostics import Diagnostic
from archspec.diagnostics.terminal import visible

_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = {**_DATA, **str.maketrans({":": "%3A", ",": "%2C"})}


def write(results: Sequence[Checked], *, several: bool) -> None:  # noqa: ARG001 - as all formats
    """Prints a command for each error and warning."""
    for found in findings(results):
        print(_command(found))


def _command(found: Diagnostic) -> str:
    span = found.span
    properties = {
        "file": relative(span.file) or span.file,
        "line": span.line,
        "col": span.column,
        "endLine": span.line,
        "endColumn": span.column + span.length,
        "title": f"archspec {found.code}",
    }
    said = ",".join(f"{key}={str(text).translate(_PROPERTY)}" for key, text in properties.items())
    lines = [found.message]
    lines += [
        f"{relative(place.file) or place.file}:{place.line}: {text}" for place, text in found.labels
    ]
    lines += [f"help: {found.help}"] if found.help else []
    message = "\n".join(map(visible, lines)).translate(_DATA)
    return f"::{found.severity.value} {said}::{message}"
