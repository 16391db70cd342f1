"""The values: spans, labels, diagnostics, and the errors that carry them."""

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import NamedTuple

_BREAKS = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


def lines_of(text: str) -> list[str]:
    """Returns the lines of a text, broken where YAML breaks them."""
    return _BREAKS.split(text)


class Span(NamedTuple):
    """A place in a file.

    Attributes:
        file: The file's path as the user gave it.
        line: The line, from 1.
        column: The column in characters, from 1.
        length: The number of characters; a longer text is cut at the end of its line.
    """

    file: str
    line: int = 1
    column: int = 1
    length: int = 0


class Severity(Enum):
    """How bad a diagnostic is; an error makes the exit code 1."""

    ERROR = "error"
    WARNING = "warning"


class Label(NamedTuple):
    """A second place that a diagnostic points at, and what to say there."""

    span: Span
    text: str


class Diagnostic(NamedTuple):
    """One fault.

    Attributes:
        code: The stable code, documented in `archspec.diagnostics.codes`.
        message: What is wrong, in one line.
        span: Where.
        help: What to do about it, or an empty string.
        labels: Further places that show why.
        severity: Error or warning.
    """

    code: str
    message: str
    span: Span
    help: str = ""
    labels: tuple[Label, ...] = ()
    severity: Severity = Severity.ERROR


class Refusal(Exception):  # noqa: N818 - the base of errors that users can mend
    """Something cannot be done as it was asked.

    Attributes:
        message: What is wrong, in one line.
        help: What to do about it, or an empty string.
    """

    def __init__(self, message: str, help: str = "") -> None:  # noqa: A002
        super().__init__(message)
        self.message = message
        self.help = help


class SpecError(Exception):
    """A spec has errors; all that were found in one run.

    Attributes:
        diagnostics: The errors and warnings, in the order of the file.
        sources: The text of every file read, by its path, to draw snippets from.
    """

    def __init__(
        self, diagnostics: Sequence[Diagnostic], sources: Mapping[str, str] | None = None
    ) -> None:
        super().__init__("; ".join(f"{d.code}: {d.message}" for d in diagnostics))
        self.diagnostics = tuple(diagnostics)
        self.sources = sources or {}


class SourceError(Exception):
    """A file cannot be read at all: missing, a directory, not permitted.

    Attributes:
        diagnostic: The one diagnostic.
    """

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic
