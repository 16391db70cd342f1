"""Strict YAML: text to a tree of values with spans.

The dialect is YAML 1.2's core schema plus digit underscores, without anchors, aliases,
tags and merge keys. PyYAML parses; values are resolved here, from its events, so that
`no` is a string, `1e-3` a number, and every duplicate key is seen.
"""

import codecs
import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from archspec.diagnostics import Diagnostic, Label, SourceError, Span, lines_of
from archspec.frontend.limits import DEFAULTS, LIMITS, Limits, allow
from archspec.frontend.tree import Entry, Items, Scalar, Table, Tree
from archspec.frontend.valueless import Valueless, valueless_faults

SOON = 100_000
"""After how many parts of the text the depth of what nests too deeply is given up."""

_Parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_WORDS: dict[str, bool | float | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    ".nan": float("nan"), ".inf": float("inf"), "-.inf": -float("inf"), "+.inf": float("inf"),
}  # fmt: skip
_INT = re.compile(r"[-+]?[0-9]+(?:_[0-9]+)*\Z")
_HEX = re.compile(r"0x[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*\Z")
_DIGITS = "(?:[0-9]+(?:_[0-9]+)*)?"
_FLOAT = re.compile(rf"[-+]?{_DIGITS}\.?{_DIGITS}(?:[eE][-+]?[0-9]+)?\Z")


def read(path: str, limits: Limits = DEFAULTS) -> str:
    """Returns the text of a spec file.

    Raises:
        SourceError: The file is missing, a directory, not readable or too large.
        Fault: The file is not UTF-8 text.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(limits.bytes + 1)
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise SourceError(unreadable(path, error)) from None
    if len(data) > limits.bytes:
        more = allow("bytes", size if size > limits.bytes else None)
        raise Fault(
            "E008",
            f"the file has more than {limits.bytes:,} bytes",
            Span(path),
            f"check that this is a spec at all, split it, or {more}",
        )
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        raise Fault("E002", f"this is not UTF-8 text (byte 0x{data[error.start]:02x})",
                    _span_at(before, path, len(before)),
                    "save the file as UTF-8; a spec is YAML text") from None  # fmt: skip
    return text


def unreadable(path: str, error: OSError) -> Diagnostic:
    """Returns the fault of a spec that the system does not let be read."""
    reason = "it is a directory" if isinstance(error, IsADirectoryError) else error.strerror
    help_ = "give the path of a YAML file, or the name of a spec that `archspec list` shows"
    message = f"cannot read {path}: {(reason or str(error)).lower()}"
    return Diagnostic("E001", message, Span(path), help_)


class Fault(Exception):  # noqa: N818 - it ends the reading, it is not a bug
    """A fault after which nothing more of the file can be read."""

    def __init__(
        self, code: str, message: str, span: Span, help_: str, labels: tuple[Label, ...] = ()
    ) -> None:
        super().__init__(message)
        self.diagnostic = Diagnostic(code, message, span, help_, labels)


def parse(text: str, file: str, report: list[Diagnostic], limits: Limits = DEFAULTS) -> Tree:
    """Returns the tree of a YAML text; faults that reading survives go to `report`.

    Raises:
        Fault: The text is not YAML, is empty, or is too large.
    """
    try:
        return _Composer(yaml.parse(text, Loader=_Parser), text, file, report, limits).document()
    except yaml.MarkedYAMLError as error:
        from archspec.frontend.yaml_faults import syntax_fault  # only faulty files need it

        raise Fault(*syntax_fault(error, text, file)[:5]) from None
    except UnicodeEncodeError as error:
        raise Fault("E002", "this is not UTF-8 text", _span_at(text, file, error.start),
                    "use UTF-8") from None  # fmt: skip
    except yaml.reader.ReaderError as error:
        code = _code_point(error)
        span = _span_at(text, file, text.find(chr(code)))  # the position may be one of bytes
        raise Fault("E002", f"character U+{code:04X} is not allowed in YAML", span,
                    "a spec is YAML text; remove the character") from None  # fmt: skip


class _Composer:
    """Composes a tree of PyYAML's events."""

    def __init__(
        self,
        events: Iterator[yaml.Event],
        text: str,
        file: str,
        report: list[Diagnostic],
        limits: Limits,
    ) -> None:
        self.events = events
        self.lines = lines_of(text)
        self.file = file
        self.report = report
        self.limits = limits
        self.values = 0

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

    def tree(self, event: yaml.Event, depth: int, within: Tree | None = None) -> Tree:
        self.values += 1
        if depth > self.limits.depth or self.values > self.limits.values:
            raise self.too_large(event, depth)
        self.refuse_extras(event)
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(inner := next(self.events), yaml.SequenceEndEvent):
                items.append(self.tree(inner, depth + 1))
            return Items(tuple(items), self.span(event, inner))
        if isinstance(event, yaml.MappingStartEvent):
            return self.table(event, depth, within)
        if isinstance(event, yaml.ScalarEvent):
            return self.scalar(event)
        return Table({}, self.span(event), faulty=True)  # an alias, which has been reported

    def too_large(self, event: yaml.Event, depth: int) -> Fault:
        """Returns the fault of a file that nests too deeply or has too many values."""
        if depth <= self.limits.depth:
            message = f"the file has more than {self.limits.values:,} keys and values"
            help_ = f"repeat a block instead, or {allow('values')}"
        else:
            message = f"nesting is deeper than {self.limits.depth:,} levels"
            more = allow("depth", self.deepest(event, depth))
            help_ = f"move inner parts into blocks of their own, or {more}"
        return Fault("E008", message, self.span(event), help_)

    def deepest(self, event: yaml.Event, depth: int) -> int | None:
        """Returns how deep the file nests, if that is soon known."""
        deepest = depth
        try:
            for following in itertools.islice(itertools.chain([event], self.events), SOON):
                if isinstance(following, yaml.CollectionStartEvent):
                    depth += 1
                elif isinstance(following, yaml.CollectionEndEvent):
                    depth -= 1
                elif isinstance(following, yaml.StreamEndEvent):
                    return deepest
                deepest = max(deepest, depth)
                if deepest > LIMITS["depth"].most:
                    return deepest
        except yaml.YAMLError:
            return None  # it is no YAML, which is said once it can be read as deep
        return None

    def table(self, start: yaml.MappingStartEvent, depth: int, within: Tree | None) -> Table:
        entries: dict[str, Entry] = {}
        valueless: list[Valueless] = []
        faulty = False
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.tree(event, depth + 1)
            value_event = next(self.events)
            value = self.tree(value_event, depth + 1, key)
            name = self.key_name(key)
            if name is None:
                faulty = True
            elif start.flow_style and self.is_missing(value_event):
                valueless.append(Valueless(Scalar(name, key.span), next(reversed(entries), None)))
                faulty = True
            elif name in entries:
                help_ = f"the first one is on line {entries[name].key.span.line}; remove one"
                self.fault("E005", f"`{name}` is given twice", key.span, help_)
            else:
                if not isinstance(key, Scalar) or key.value != name:
                    key = Scalar(name, key.span)
                entries[name] = Entry(key, value)
        of_params = isinstance(within, Scalar) and within.value == "params"
        self.report += valueless_faults(valueless, entries, of_params=of_params)
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


def _span_at(text: str, file: str, index: int) -> Span:
    before = lines_of(text[:index])
    return Span(file, len(before), len(before[-1]) + 1, 1)


def _code_point(error: yaml.reader.ReaderError) -> int:
    character = error.character
    return character if isinstance(character, int) else ord(character)
