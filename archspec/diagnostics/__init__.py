"""Diagnostics: what is wrong with a spec, where, and what to do about it.

A diagnostic is data. It is made wherever a fault is found, collected with all others of
a run, and rendered once, at the edge of the program.
"""

from archspec.diagnostics.model import (
    Diagnostic,
    Label,
    Refusal,
    Severity,
    SourceError,
    Span,
    SpecError,
    lines_of,
)

__all__ = [
    "Diagnostic",
    "Label",
    "Refusal",
    "Severity",
    "SourceError",
    "Span",
    "SpecError",
    "lines_of",
]
