"""How a page is laid out: paragraphs, sections, two columns."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping

WIDTH = 100
"""The widest line."""

TEXT_WIDTH = 88
"""The widest line of prose."""

SPACE = "\u00a0"
"""A space at which no line is broken."""

_CODE = re.compile(r"`[^`\n]{1,60}`|{ }")


def paragraphs(text: str) -> str:
    """Returns paragraphs, which empty lines part, with their lines filled."""
    return "\n\n".join(filled(part, 0, TEXT_WIDTH) for part in text.split("\n\n"))


def section(heading: str, body: str) -> str:
    """Returns a heading with what stands below it."""
    return f"{heading}\n{textwrap.indent(body, '  ')}"


def columns(rows: Mapping[str, str]) -> str:
    """Returns words with their meanings beside them."""
    width = max(map(len, rows), default=0) + 2
    return "\n".join(
        filled(f"{word:{width}}{text}", width, WIDTH - 2) for word, text in rows.items()
    )


def filled(text: str, indent: int, width: int = WIDTH) -> str:
    """Returns a text whose lines but the first are indented; code is not broken."""
    lines = textwrap.wrap(
        _CODE.sub(lambda code: code[0].replace(" ", SPACE), text),
        width,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines).replace(SPACE, " ").rstrip()


def call(name: str, arguments: Iterable[str]) -> str:
    """Returns a call, with lines broken between arguments, or inside of very long ones."""
    pieces = [a.replace(" ", SPACE) if len(a) < TEXT_WIDTH else a for a in arguments]
    return filled(f"{name.replace(' ', SPACE)}({', '.join(pieces)})", 4, WIDTH - 2)
