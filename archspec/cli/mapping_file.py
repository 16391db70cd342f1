"""The file of `--map`: which layers or scopes of a file are which of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from archspec.cli.common import NO, CommandError
from archspec.diagnostics import Diagnostic, Severity, SourceError, Span, SpecError
from archspec.frontend import loader
from archspec.frontend.tree import Scalar, Table

HELP = "it is YAML in UTF-8, a line OURS: THEIRS for each layer or scope; `weights map` writes it"


class MappingFile(NamedTuple):
    """A mapping that was read.

    Attributes:
        names: The file's names by ours, without those that are still to be filled in.
        spans: Where ours stand.
    """

    names: Mapping[str, str]
    spans: Mapping[str, Span]


def read_mapping(path: str) -> MappingFile:
    """Returns what a mapping file says.

    Raises:
        SpecError: It is not YAML.
        SourceError: It cannot be read.
        CommandError: It is no table of names.
    """
    text = ""
    report: list[Diagnostic] = []
    try:
        text = loader.read(path)
        tree = loader.parse(text, path, report)
    except SourceError as error:
        raise SourceError(error.diagnostic._replace(help=HELP)) from None
    except loader.Fault as fault:
        # What the file holds is a mapping, and a fault of its form is told with what that is.
        told = fault.diagnostic
        told = told._replace(help=HELP) if told.code in ("E002", "E003") else told
        raise SpecError([*report, told], {path: text}) from None
    if any(diagnostic.severity is Severity.ERROR for diagnostic in report):
        raise SpecError(report, {path: text})
    if not isinstance(tree, Table):
        raise CommandError(f"{path} is no mapping", exit_code=NO, help=HELP)
    names = {}
    for ours, (_, value) in tree.entries.items():
        if not isinstance(value, Scalar) or not isinstance(value.value, str | None):
            raise CommandError(
                f"{at(value.span)}: {ours} takes the name of a layer of the file, as text",
                exit_code=NO,
                help="put numbers in quotes",
            )
        if value.value:
            names[ours] = value.value
    return MappingFile(names, {ours: entry.key.span for ours, entry in tree.entries.items()})


def at(span: Span) -> str:
    """Returns a place as a message begins with it."""
    return f"{span.file}:{span.line}:{span.column}"
