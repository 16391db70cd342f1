"""What the YAML parser could not read, as a diagnostic at the place where the mistake is.

The parser notices a mistake where it cannot go on, which is often a line further down; where it
began with what it was reading is the better place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import yaml

from archspec.diagnostics import Diagnostic, Label, Span, lines_of
from archspec.diagnostics.clipped import clipped

MOST = 40
"""The most characters of a line that a message repeats."""

_ESCAPE = re.compile(r"\\(x\w{0,2}|u\w{0,4}|U\w{0,8}|.?)")
"""A backslash in double quotes, with what belongs to it."""

_GENERAL = "check the indentation, brackets and quotes on this line and the one before"
_COLON = "write `key: value`, or `- layer` for an item of a list"


def syntax_fault(error: yaml.MarkedYAMLError, text: str, file: str) -> Diagnostic:
    """Returns the fault that stopped the parser."""
    lines = lines_of(text)
    here = _place(error.problem_mark or error.context_mark, lines, file)
    start = _place(error.context_mark, lines, file) if error.context_mark else here
    problem, context = str(error.problem), str(error.context or "")
    if item := _indented_item(here, start, lines):
        return item
    if problem == "could not find expected ':'" and start.line != here.line:
        return _without_colon(start, here, lines)
    above = _above(here, lines) if problem.startswith("mapping values are not allowed") else None
    if above and not re.search(r":(\s|$)", _content(lines[above.line - 1])):
        return _without_colon(above, here, lines)
    if "quoted scalar" in context:
        return _in_quotes(problem, start, here, lines)
    if "block" in context and (around := _around(here, lines)):
        return _out_of_line(around, here, _special_help(here, lines))
    message = f"this is not YAML: {' '.join([problem, context]).strip()}"
    labels: tuple[Label, ...] = ()
    help_ = _special_help(here, lines) or ("close the bracket" if "flow" in context else _GENERAL)
    if "flow" in context and start != here:
        labels = (Label(start, "opened here"),)
    elif above and above.column < _rest_of(here.line, lines, file).column:
        labels = (Label(above, "this has a value, so nothing can be indented below it"),)
    elif start.line != here.line:
        labels = (Label(start, "begun here"),)
    elif "<document start>" in problem:
        first = next(number for number, line in enumerate(lines, 1) if _content(line))
        labels = (Label(_rest_of(first, lines, file), "the spec begins here"),)
        help_ = "the keys of the spec begin in the first column"
    return Diagnostic("E004", message, here, help_, labels)


def _in_quotes(problem: str, start: Span, here: Span, lines: Sequence[str]) -> Diagnostic:
    """Returns the fault of a text in quotes: an escape that means nothing, or no end."""
    escapes = _ESCAPE.finditer(lines[here.line - 1])
    last = [escape for escape in escapes if escape.start() < here.column]
    if "end of stream" in problem or "document" in problem or not last:
        message = "this is not YAML: the quote that opens here is not closed"
        return Diagnostic("E004", message, start, "close the quote, or remove it")
    span = Span(here.file, here.line, last[-1].start() + 1, len(last[-1][0]))
    message = f"this is not YAML: `{last[-1][0]}` stands for no character"
    help_ = r"write the character itself; for a backslash write `\\`, or quote the text with `'`"
    return Diagnostic("E004", message, span, help_)


def _without_colon(begun: Span, here: Span, lines: Sequence[str]) -> Diagnostic:
    """Returns the fault of text that runs on into a key, because it is no key itself."""
    line = _content(lines[begun.line - 1])[begun.column - 1 :].strip().removeprefix("- ")
    message = f"this is not YAML: a key follows `{clipped(line, MOST)}`, which has no `:` itself"
    special = _special_help(here, lines) or _special_help(begun, lines)
    span = _rest_of(begun.line, lines, begun.file)
    labels = (Label(here, "so this cannot follow"),) if here.line != begun.line else ()
    return Diagnostic("E004", message, span, special or _COLON, labels)


def _indented_item(here: Span, start: Span, lines: Sequence[str]) -> Diagnostic | None:
    """Returns the fault of a list item that is indented further than the one above it."""
    for number in range(here.line, start.line - 1, -1):
        line = _rest_of(number, lines, here.file)
        above = _above(line, lines)
        if above is None or not all(_is_item(it, lines) for it in (line, above)):
            continue
        if line.column > above.column and not _ends_open(_content(lines[above.line - 1])):
            message = "this is not YAML: this item is indented further than the one above it"
            help_ = (
                f"indent it like the layer above, so that its hyphen is in column {above.column}"
            )
            label = Label(above, f"this is in column {above.column}")
            return Diagnostic("E004", message, line, help_, (label,))
    return None


def _is_item(line: Span, lines: Sequence[str]) -> bool:
    return lines[line.line - 1][line.column - 1 :].startswith("- ")


def _ends_open(content: str) -> bool:
    """Returns whether the items of a list may be indented below a line."""
    return content.endswith((":", "[", "{", ",", "-"))


def _above(here: Span, lines: Sequence[str]) -> Span | None:
    """Returns the next line above that is not empty."""
    numbers = (n for n in range(here.line - 1, 0, -1) if _content(lines[n - 1]))
    return next((_rest_of(number, lines, here.file) for number in numbers), None)


def _around(here: Span, lines: Sequence[str]) -> list[Span]:
    """Returns lines above that one is out of line with: what it is below, the first, the last."""
    if lines[here.line - 1][: here.column - 1].strip():
        return []
    inner: list[Span] = []
    for number in range(here.line - 1, 0, -1):
        if not _content(lines[number - 1]):
            continue
        line = _rest_of(number, lines, here.file)
        if line.column <= here.column:
            return [line, *inner] if line.column < here.column else inner
        inner = [line, *inner[-1:]]
    return inner


def _out_of_line(above: Sequence[Span], here: Span, special: str) -> Diagnostic:
    """Returns the fault of a line that is indented like none that it could belong to."""
    message = f"this is not YAML: nothing that this line could belong to is in column {here.column}"
    labels = tuple(Label(line, f"this is in column {line.column}") for line in above)
    help_ = "entries of one mapping, and items of one list, begin in the same column"
    return Diagnostic("E004", message, here, special or help_, labels)


def _special_help(here: Span, lines: Sequence[str]) -> str:
    """Returns a help line for a slip that the line shows by itself, or an empty string."""
    line = lines[here.line - 1]
    around = [it.strip() for it in lines[max(0, here.line - 2) : here.line + 1]]
    if tight := next((it for it in around if re.match(r"-[A-Za-z_]", it)), None):
        return f"put a space after the hyphen: `- {clipped(tight[1:], MOST)}`"
    if wide := re.search(r"[：，]", line):
        plain = {"：": ":", "，": ","}[wide[0]]
        return f"`{wide[0]}` is a full-width character: write `{plain}` and a space"
    if choice := re.search(r"=([^?{,]+)\?([^:,}]+):([^,}]+)", line):
        test, then, other = (clipped(part.strip(), MOST) for part in choice.groups())
        return f"a choice in a formula is written `={then} if {test} else {other}`"
    if "\t" in line[: here.column]:
        return "indent with spaces; YAML does not allow tabs"
    if "`" in line or "@" in line:
        return "put quotes around a value that starts with ` or @"
    if re.search(r"=[^\"',]*\[", line):
        return 'inside { } a formula with `,` or brackets needs quotes: "=depths[0]"'
    if any(start.strip().startswith(("–", "—")) for start in lines[: here.line]):
        return "a list item starts with a hyphen `-`, not with a dash"
    return ""


def _place(mark: yaml.Mark | None, lines: Sequence[str], file: str) -> Span:
    """Returns where a mark is; one behind the last text of the file is at its last character."""
    if mark is None:
        return Span(file)
    last = max((number for number, line in enumerate(lines, 1) if line.strip()), default=1)
    end = max(1, len(lines[last - 1].rstrip()))
    if (mark.line + 1, mark.column + 1) > (last, end):
        return Span(file, last, end, 1)
    return Span(file, mark.line + 1, mark.column + 1, 1)


def _rest_of(number: int, lines: Sequence[str], file: str) -> Span:
    """Returns the text of a line as a span."""
    line = _content(lines[number - 1])
    indent = len(line) - len(line.lstrip())
    return Span(file, number, indent + 1, len(line) - indent)


def _content(line: str) -> str:
    """Returns a line without a comment and the spaces before it."""
    return re.sub(r"(^|\s)#.*", "", line).rstrip()
