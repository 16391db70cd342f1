"""Whether the errors of a change of one line are where the change is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Literal, TypeAlias

from archspec import ops
from archspec.diagnostics import Diagnostic, Span, lines_of
from archspec.frontend.layer import CONSTRUCTS, RESERVED
from archspec.frontend.schema import ArchSpec, Block, Variant
from mutants.lines import WORD
from mutants.making import Mutant

Where: TypeAlias = Literal["there", "refers", "follows", "elsewhere"]
"""Where an error is.

- `there`: it, or one of its labels, is on the line that was changed.
- `refers`: it, or one of its labels, is on a line that names what stands on that line.
- `follows`: what the line says now is allowed, but sizes or totals after it no longer fit.
- `elsewhere`: anywhere else.
"""

MISSING = re.compile(r"(\w+)` is missing")
"""How a message names a key that was left out."""

FORMULA = re.compile(r"(?:(?<=[\s\[])|(?<=[\s\[]['\"]))=[^,\]}#]+")

OF_SIZES = ("E2", "E3")
"""How the codes of what is found in typed graphs begin."""


def where(
    mutant: Mutant, errors: Sequence[Diagnostic], sources: Mapping[str, str], file: str
) -> Where:
    """Returns where the nearest of the errors is."""
    spans = [s for error in errors for s in (error.span, *(label.span for label in error.labels))]
    if any(span.file == file and span.line in mutant.lines for span in spans):
        return "there"
    lines = {name: lines_of(text) for name, text in sources.items()}
    named = set(mutant.words)
    if any(named & _names(span, lines) for span in spans):
        return "refers"
    if any(named & {*MISSING.findall(error.message)} for error in errors if error.code == "E102"):
        return "refers"
    return "follows" if all(e.code.startswith(OF_SIZES) for e in errors) else "elsewhere"


def _names(span: Span, lines: Mapping[str, Sequence[str]]) -> set[str]:
    """Returns the names on the line of a span: what is no word of the language, and formulas'."""
    of_file = lines.get(span.file, ())
    line = of_file[span.line - 1] if span.line <= len(of_file) else ""
    in_formulas = WORD.findall(" ".join(FORMULA.findall(line)))
    return {*WORD.findall(line)} - vocabulary() | {*in_formulas}


@cache
def vocabulary() -> frozenset[str]:
    """Returns the words that are the language's, so that they name nothing in a spec."""
    fields = {name for op in map(ops.find, ops.names()) for name in op.model_fields}
    sections = {name for model in (ArchSpec, Block, Variant) for name in model.model_fields}
    forms = {key for keys in CONSTRUCTS.values() for key in keys}
    return frozenset({*ops.names(), *CONSTRUCTS, *RESERVED, *fields, *sections, *forms})
