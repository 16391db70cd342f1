"""The page of an error code."""

from __future__ import annotations

import textwrap

from archspec.cli.pages.layout import paragraphs
from archspec.diagnostics.codes import CODES


def code_page(name: str) -> str:
    """Returns the page of an error code: what it means, a spec that has it, the spec mended."""
    code = CODES[name]
    shown = {"For example": code.example, "Mended": code.mended}
    parts = [f"{name}: {code.title}", paragraphs(code.text)]
    for heading, text in shown.items():
        if text:
            visible = text.replace("\x01", "\\x01").rstrip("\n")
            parts.append(f"{heading}:\n\n{textwrap.indent(visible, '    ')}")
    return "\n\n".join(parts)
