"""Strict YAML: text to a tree of values with spans.

The dialect is YAML 1.2's core schema plus digit underscores, without anchors, aliases,
tags and merge keys. PyYAML parses; values are resolved here, from its events, so that
`no` is a string, `1e-3` a number, and every duplicate key is seen.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from archspec.diagnostics import Diagnostic, Label, SourceError, Span, lines_of
from archspec.frontend.tree import Entry, Items, Scalar, Table, Tree

MAX_DEPTH = 128
"""The deepest nesting of sequences and mappings that is read."""

MAX_BYTES = 4 * 1024 * 1024
"""The largest file that is read."""

_Parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_WORDS: dict[str, bool | float | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    ".nan": float("nan"), ".inf": float("inf"), "-.inf": -float("inf"), "+.inf": float("inf"),
}  # fmt: skip
_INT = re.compile(r"[-+]?[0-9](_?[0-9])*\Z")
_HEX = re.compile(r"0x[0-9a-fA-F](_?[0-9a-fA-F])*\Z")
_FLOAT = re.compile(r"[-+]?([0-9](_?[0-9])*)?\.?([0-9](_?[0-9])*)?([eE][-+]?[0-9]+)?\Z")


def read(path: str) -> str:
    """Returns the text of a spec file.

    Raises:
        SourceError: The file is missing, a directory, not readable or too large.
        Fault: The file is not UTF-8 text.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = "it is a directory" if isinstance(error, IsADirectoryError) else error.strerror
        help_ = "give the path of a YAML file, or the name of a spec that `archspec list` shows"
        message = f"cannot read {path}: {(reason or str(error)).lower()}"
        raise SourceError(Diagnostic("E001", message, Span(path), help_)) from None
    if len(data) > MAX_BYTES:
        raise Fault("E008", f"the file has more than {MAX_BYTES:,} bytes",
                    Span(path), "split the spec, or check that this is a spec at all")  # fmt: skip
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise Fault("E002", f"this is not UTF-8 text (byte 0x{data[error.start]:02x})",
                    Span(path, line, column), "save the file as UTF-8; a spec is YAML text"
                    ) from None  # fmt: skip
    return text


class Fault(Exception):  # noqa: N818 - it ends the reading, it is not a bug
    """A fault after which nothing more of the file can be read."""

    def __init__(
        self, code: str, message: str, span: Span, help_: str, labels: tuple[Label, ...] = ()
    ) -> None:
        super().__init__(message)
        self.diagnostic = Diagnostic(code, message, span, help_, labels)


def parse(text: str, file: str, report: list[Diagnostic]) -> Tree:
    """Returns the tree of a YAML text; faults that reading survives go to `report`.

    Raises:
        Fault: The text is not YAML, is empty, or nests too deeply.
    """
    try:
        return _Composer(yaml.parse(text, Loader=_Parser), text, file, report).document()
    except yaml.MarkedYAMLError as error:
        raise _syntax_fault(error, text, file) from None
    except UnicodeEncodeError as error:
        raise Fault("E002", "this is not UTF-8 text", _span_at(text, file, error.start),
                    "use UTF-8") from None  # fmt: skip
    except yaml.reader.ReaderError as error:
        span = _span_at(text, file, error.position)
        raise Fault("E002", f"character U+{_code_point(error):04X} is not allowed in YAML", span,
                    "a spec is YAML text; remove the character") from None  # fmt: skip


class _Composer:
    """Composes a tree of PyYAML's events."""

    def __init__(
        self, events: Iterator[yaml.Event], text: str, file: str, report: list[Diagnostic]
    ) -> None:
        self.events = events
        self.lines = lines_of(text)
        self.file = file
        self.report = report

    def document(self) -> Tree:
        next(self.events)  # the start of the stream
        if isinstance(next(self.events), yaml.StreamEndEvent):
            raise Fault("E003", "the file is empty", Span(self.file),
                        "a spec needs at least `name`, `inputs` and `layers`")  # fmt: skip
        tree = self.tree(next(self.events), 0)
        next(self.events)  # the end of the document
        following = next(self.events)
        if not isinstance(following, yaml.StreamEndEvent):
            self.fault("E006", "a spec is one YAML document, but here a second one starts",
                       self.span(following), "remove the `---` line")  # fmt: skip
        return tree

    def tree(self, event: yaml.Event, depth: int) -> Tree:
        if depth > MAX_DEPTH:
            raise Fault("E008", f"nesting is deeper than {MAX_DEPTH} levels", self.span(event),
                        "move inner parts into blocks of their own")  # fmt: skip
        self.refuse_extras(event)
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(inner := next(self.events), yaml.SequenceEndEvent):
                items.append(self.tree(inner, depth + 1))
            return Items(tuple(items), self.span(event, inner))
        if isinstance(event, yaml.MappingStartEvent):
            return self.table(event, depth)
        if isinstance(event, yaml.ScalarEvent):
            return self.scalar(event)
        return Table({}, self.span(event), faulty=True)  # an alias, which has been reported

    def table(self, start: yaml.MappingStartEvent, depth: int) -> Table:
        entries: dict[str, Entry] = {}
        faulty = False
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.tree(event, depth + 1)
            value_event = next(self.events)
            value = self.tree(value_event, depth + 1)
            name = self.key_name(key)
            if name is None:
                faulty = True
            elif start.flow_style and self.is_missing(value_event):
                self.valueless(name, key.span, entries)
                faulty = True
            elif name in entries:
                help_ = f"the first one is on line {entries[name].key.span.line}; remove one"
                self.fault("E005", f"`{name}` is given twice", key.span, help_)
            else:
                if not isinstance(key, Scalar) or key.value != name:
                    key = Scalar(name, key.span)
                entries[name] = Entry(key, value)
        return Table(entries, self.span(start, event), faulty)

    def key_name(self, key: Tree) -> str | None:
        if isinstance(key, Scalar) and key.value == "<<":
            self.fault("E006", "merge keys (`<<`) are not part of the language", key.span,
                       "write a block with parameters instead")  # fmt: skip
            return None
        if isinstance(key, Scalar) and isinstance(key.value, str):
            return key.value
        if isinstance(key, Scalar) and key.value is not None:
            return self.source(key.span)
        self.fault("E007", "a key is missing here, or is not a plain name", key.span,
                   "put a space after the colon (`kernel: 3`), and quotes around a formula "
                   "with `,` or brackets")  # fmt: skip
        return None

    def is_missing(self, event: yaml.Event) -> bool:
        start, end = _marks(event)
        return isinstance(event, yaml.ScalarEvent) and start.index == end.index

    def valueless(self, name: str, span: Span, before: dict[str, Entry]) -> None:
        last = next(reversed(before), None)
        value = before[last].value if last else None
        head, colon, rest = name.partition(":")
        if isinstance(value, Scalar) and str(value.value).startswith("=") and last:
            help_ = f'a formula with `,` or brackets needs quotes: `{last}: "=…"`'
            del before[last]  # it is only a part of what was meant
        elif isinstance(value, Scalar) and str(value.value).startswith("(") and last:
            help_ = f"a list is written in brackets: `{last}: [3, 3]`"
            del before[last]
        elif colon and head and rest:
            help_ = f"put a space after the colon: `{head}: {rest}`"
        else:
            help_ = f"write `{name}: value`, or `{name}: null`"
        self.fault("E007", f"`{name}` has no value", span, help_)

    def scalar(self, event: yaml.ScalarEvent) -> Scalar:
        span = self.span(event)
        if not event.style or event.style not in "'\"|>":
            return Scalar(
                resolve_plain(event.value), span, 0 if self.on_one_line(event, 0) else None
            )
        quoted = event.style in "'\"" and self.on_one_line(event, 1)
        return Scalar(event.value, span, 1 if quoted else None)

    def on_one_line(self, event: yaml.ScalarEvent, quotes: int) -> bool:
        start, end = _marks(event)
        if start.line != end.line or start.line >= len(self.lines):
            return False
        written = self.lines[start.line][start.column + quotes : end.column - quotes]
        return bool(written == event.value)

    def refuse_extras(self, event: yaml.Event) -> None:
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if anchor is None and tag is None:  # an alias has the name of an anchor
            return
        span = self.span(event)
        if isinstance(event, yaml.AliasEvent):
            self.fault("E006", f"the alias `*{anchor}` is not part of the language", span,
                       "write a block with parameters and call it twice")  # fmt: skip
        elif anchor is not None:
            self.fault("E006", f"the anchor `&{anchor}` is not part of the language", span,
                       "write a block with parameters and call it by name")  # fmt: skip
        elif tag is not None:
            short = tag.replace("tag:yaml.org,2002:", "!!")
            self.fault("E006", f"the tag `{short}` is not part of the language", span,
                       "remove it; quotes make a value a string")  # fmt: skip

    def fault(self, code: str, message: str, span: Span, help_: str) -> None:
        self.report.append(Diagnostic(code, message, span, help_))

    def span(self, event: yaml.Event, last: yaml.Event | None = None) -> Span:
        start, end = _marks(event)[0], _marks(last or event)[1]
        line = self.lines[start.line] if start.line < len(self.lines) else ""
        stop = end.column if end.line == start.line else len(line.rstrip())
        return Span(self.file, start.line + 1, start.column + 1, max(0, stop - start.column))

    def source(self, span: Span) -> str:
        start = span.column - 1
        return self.lines[span.line - 1][start : start + span.length]


def resolve_plain(text: str) -> bool | int | float | str | None:
    """Returns the value that an unquoted scalar means."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _INT.match(text):
        # An integer this long is no size, and int() refuses it.
        return int(text) if len(text) < 40 else float(text)
    if _HEX.match(text):
        return int(text, 16) if len(text) < 40 else float("inf")
    if _FLOAT.match(text) and any(character.isdigit() for character in text.split("e")[0]):
        return float(text)
    return text


def _marks(event: yaml.Event) -> tuple[yaml.Mark, yaml.Mark]:
    """Returns where an event starts and ends; parsed events always know."""
    return event.start_mark, event.end_mark  # type: ignore[return-value]


def _syntax_fault(error: yaml.MarkedYAMLError, text: str, file: str) -> Fault:
    mark = error.problem_mark or error.context_mark
    span = Span(file, mark.line + 1, mark.column + 1, 1) if mark else Span(file)
    lines = lines_of(text)
    line = lines[span.line - 1] if span.line <= len(lines) else ""
    help_ = "check the indentation, brackets and quotes on this line and the one before"
    if "\t" in line[: span.column]:
        help_ = "indent with spaces; YAML does not allow tabs"
    elif "`" in line or "@" in line:
        help_ = "put quotes around a value that starts with ` or @"
    elif re.search(r"=[^\"',]*\[", line):
        help_ = 'inside { } a formula with `,` or brackets needs quotes: "=depths[0]"'
    elif any(start.strip().startswith(("–", "—")) for start in lines[: span.line]):
        help_ = "a list item starts with a hyphen `-`, not with a dash"
    labels: tuple[Label, ...] = ()
    opened = error.context_mark
    if opened and "flow" in str(error.context):
        labels = (Label(Span(file, opened.line + 1, opened.column + 1, 1), "opened here"),)
        help_ = help_ if "quotes" in help_ and "formula" in help_ else "close the bracket"
    context = f" {error.context}" if error.context else ""
    return Fault("E004", f"this is not YAML: {error.problem}{context}", span, help_, labels)


def _span_at(text: str, file: str, index: int) -> Span:
    before = text[:index]
    return Span(file, before.count("\n") + 1, index - before.rfind("\n"), 1)


def _code_point(error: yaml.reader.ReaderError) -> int:
    character = error.character
    return character if isinstance(character, int) else ord(character)
