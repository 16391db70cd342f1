"""Comments that silence warnings: `# archspec: ignore[W204]` for its line, `ignore-file` for all.

A warning is silenced by a comment on any of the lines it points at, so one in a block can be
silenced where it is or for a single call.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import yaml

from archspec.diagnostics import Diagnostic, Severity, Span, lines_of

MOST = 20
"""The most comments of a file that are found fault with."""

_COMMENT = re.compile(r"#\s*(archspec:\s*([\w-]*))(?:\[([^][#]*)])?", re.IGNORECASE)

_Place = tuple[int, int]
"""A line and a column, from 0."""


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
        faults: list[Diagnostic] = []
        silences |= {*_silences(file, text, faults)}
        made += faults[:MOST]
    return [d for d in made if not _is_silenced(d, silences)] if silences else made


def _is_silenced(diagnostic: Diagnostic, silences: set[_Silence]) -> bool:
    spans = (diagnostic.span, *(label.span for label in diagnostic.labels))
    return diagnostic.severity is Severity.WARNING and any(
        _Silence(span.file, line, diagnostic.code) in silences
        for span in spans
        for line in (None, span.line)
    )


def _silences(file: str, text: str, report: list[Diagnostic]) -> Iterator[_Silence]:
    for number, comment in _comments(text):
        word, codes = comment[2], comment[3]
        if not word.lower().startswith("ignore"):
            continue
        span = Span(file, number, comment.start(1) + 1, len(comment[1]))
        if word not in ("ignore", "ignore-file"):
            help_ = "write `# archspec: ignore[W204]`, or `ignore-file[W204]` for the whole file"
            report.append(_warning(f"`{word}` ignores nothing", span, help_))
        elif not codes or not codes.strip():
            help_ = f"name them: `# {comment[1]}[W204]`"
            message = "this comment does not say which warnings it ignores"
            report.append(_warning(message, span, help_))
        else:
            line = number if word == "ignore" else None
            yield from _of_codes(file, line, comment, span, report)


def _of_codes(
    file: str, line: int | None, comment: re.Match[str], span: Span, report: list[Diagnostic]
) -> Iterator[_Silence]:
    """Yields what the codes of a comment silence."""
    for word in re.finditer(r"[^,\s]+", comment[3]):
        if len(report) >= MOST:
            return
        fault = why_not(word[0])
        if fault is None:
            yield _Silence(file, line, word[0])
        else:
            at = span._replace(column=comment.start(3) + word.start() + 1, length=len(word[0]))
            report.append(_warning(fault[0], at, fault[1]))


def _comments(text: str) -> Iterator[tuple[int, re.Match[str]]]:
    """Yields the comments that speak to archspec, with the numbers of their lines."""
    starts, ends = _scalars(text)
    for number, line in enumerate(lines_of(text)):
        for found in _COMMENT.finditer(line):
            before = bisect(starts, (number, found.start())) - 1
            inside = before >= 0 and (number, found.start()) < ends[before]
            if not inside and line[: found.start()][-1:] in ("", " ", "\t"):
                yield number + 1, found


def _scalars(text: str) -> tuple[list[_Place], list[_Place]]:
    """Returns where the texts of a YAML file start and end; what they hold is no comment."""
    starts: list[_Place] = []
    ends: list[_Place] = []
    try:
        for token in yaml.scan(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if isinstance(token, yaml.ScalarToken):
                starts.append((token.start_mark.line, token.start_mark.column))
                ends.append((token.end_mark.line, token.end_mark.column))
    except yaml.YAMLError:
        pass  # which is reported as an error, and no warnings are then left to silence
    return starts, ends


def why_not(code: str) -> tuple[str, str] | None:
    """Returns why a code cannot be silenced, and what to do about it; `None` if it can."""
    from archspec.diagnostics.codes import CODES

    if code.startswith("W") and code in CODES:
        return None
    if code in CODES:
        message = f"{code} is an error, which cannot be ignored"
        return message, f"`archspec explain {code}` says how to mend it"
    warnings = ", ".join(known for known in CODES if known.startswith("W"))
    return f"there is no warning `{code}`", f"the warnings are {warnings}"


def _warning(message: str, span: Span, help_: str) -> Diagnostic:
    return Diagnostic("W001", message, span, help_, severity=Severity.WARNING)
