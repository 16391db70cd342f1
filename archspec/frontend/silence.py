"""Comments that silence warnings: `# archspec: ignore[W204]` for its line, `ignore-file` for all.

A warning is silenced by a comment on any of the lines it points at, so one in a block can be
silenced where it is or for a single call.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from archspec.diagnostics import Diagnostic, Severity, Span, lines_of

_COMMENT = re.compile(r"(?<!\S)#\s*(archspec: ignore(-file)?)(?![\w-])(?:\[([^]]*)])?")


class _Silence(NamedTuple):
    """A code that a comment silences; `line` is `None` for the whole file."""

    file: str
    line: int | None
    code: str


def without_silenced(
    diagnostics: Iterable[Diagnostic], sources: Mapping[str, str]
) -> list[Diagnostic]:
    """Returns the diagnostics without the warnings that comments silence.

    A comment that names no warning gets one itself.

    Args:
        diagnostics: Errors and warnings; errors are never silenced.
        sources: The text of every file read, by its path.
    """
    made = [*diagnostics]
    silences: set[_Silence] = set()
    for file, text in sources.items():
        silences |= {*_silences(file, text, made)}
    return [d for d in made if not _is_silenced(d, silences)] if silences else made


def _is_silenced(diagnostic: Diagnostic, silences: set[_Silence]) -> bool:
    spans = (diagnostic.span, *(label.span for label in diagnostic.labels))
    return diagnostic.severity is Severity.WARNING and any(
        _Silence(span.file, line, diagnostic.code) in silences
        for span in spans
        for line in (None, span.line)
    )


def _silences(file: str, text: str, report: list[Diagnostic]) -> Iterator[_Silence]:
    for number, line in enumerate(lines_of(text), 1):
        for comment in _COMMENT.finditer(line):
            whole_file, codes = comment[2], comment[3]
            if not codes or not codes.strip():
                span = Span(file, number, comment.start(1) + 1, len(comment[1]))
                help_ = f"name them: `# {comment[1]}[W204]`"
                report.append(_warning("this comment does not say which warnings it ignores",
                                       span, help_))  # fmt: skip
                continue
            for word in re.finditer(r"[^,\s]+", codes):
                column = comment.start(3) + word.start() + 1
                if fault := why_not(word[0]):
                    message, help_ = fault
                    span = Span(file, number, column, len(word[0]))
                    report.append(_warning(message, span, help_))
                else:
                    yield _Silence(file, None if whole_file else number, word[0])


def why_not(code: str) -> tuple[str, str] | None:
    """Returns why a code cannot be silenced, with a help line; `None` if it can."""
    from archspec.diagnostics.codes import CODES

    if code.startswith("W") and code in CODES:
        return None
    if code in CODES:
        help_ = f"`archspec explain {code}` says how to mend it"
        return f"{code} is an error, which cannot be ignored", help_
    warnings = ", ".join(known for known in CODES if known.startswith("W"))
    return f"there is no warning `{code}`", f"the warnings are {warnings}"


def _warning(message: str, span: Span, help_: str) -> Diagnostic:
    return Diagnostic("W001", message, span, help_, severity=Severity.WARNING)
