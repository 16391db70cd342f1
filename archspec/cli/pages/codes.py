"""The page of an error code."""

from __future__ import annotations

import textwrap

from archspec.cli.pages.layout import paragraphs
from archspec.diagnostics.codes import CODES


def code_page(name: str) -> str:
    """Returns the page of an error code: what it means, and a spec that has the fault."""
    code = CODES[name]
    page = f"{name}: {code.title}\n\n{paragraphs(code.text)}"
    if not code.example:
        return page
    example = code.example.replace("\x01", "\\x01").rstrip("\n")
    return f"{page}\n\nFor example:\n\n{textwrap.indent(example, '    ')}"
