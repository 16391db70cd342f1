"""Running Graphviz: a document in, a picture out.

The system's `dot` is used where there is one, else `graphviz-pure`, the same program in a
wheel of its own, which writes no PDF.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from typing import NamedTuple

from archspec.backends.dot.style import FONT
from archspec.diagnostics import Refusal

FORMATS = ("svg", "png", "pdf", "jpg", "eps", "dot")
"""What a picture can be written as."""

_PURE_FORMATS = ("svg", "png", "jpg")
_BITMAPS = ("png", "jpg")
_DPI = 130.0
_MARGIN = 1.0  # inches, more than Graphviz's `pad` on both sides
_MOST_PIXELS = 16_000
"""Many viewers open nothing larger, and cairo, which `dot` draws with, ends at 32,767."""


class RenderError(Refusal):
    """A picture cannot be made."""


class Picture(NamedTuple):
    """A rendered picture.

    Attributes:
        content: The bytes of its file.
        by: The program that made it, `dot` or `graphviz-pure`; empty if none was needed.
    """

    content: bytes
    by: str


def render(source: str, format_: str) -> Picture:
    """Returns a document in one of `FORMATS`.

    Raises:
        RenderError: No program that can write the format is installed, or it failed.
    """
    if format_ == "dot":
        return Picture(source.encode(), "")
    program = shutil.which("dot")
    if program is None:
        program = _pure(format_)
        # It knows the widths of single fonts only, of Helvetica with its usual fallbacks.
        source = source.replace(FONT, "Helvetica")
    arguments = [f"-T{format_}"]
    if format_ in _BITMAPS:
        arguments.append(f"-Gdpi={_dpi(program, source):.2f}")
    return Picture(_run(program, arguments, source), os.path.basename(program))  # noqa: PTH119


def _pure(format_: str) -> str:
    beside = [sysconfig.get_path("scripts"), os.environ.get("PATH", "")]
    program = shutil.which("graphviz-pure", path=os.pathsep.join(beside))
    if program is None or format_ not in _PURE_FORMATS:
        raise RenderError(
            f"{format_} needs Graphviz, whose program `dot` is not installed",
            help="install Graphviz (apt install graphviz, brew install graphviz, "
            "winget install graphviz)" + (", or write svg or png" if program else ""),
        )
    return program


def _dpi(program: str, source: str) -> float:
    """Returns the resolution of a bitmap, lowered if it would become too large."""
    # The first line of the plain format: graph, scale, width and height in inches.
    _, _, width, height, *_ = _run(program, ["-Tplain"], source).split(maxsplit=4)
    return min(_DPI, _MOST_PIXELS / (max(float(width), float(height)) + _MARGIN))


def _run(program: str, arguments: list[str], source: str) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - Graphviz, found on PATH, fed by us
            [program, *arguments], input=source.encode(), capture_output=True, check=False
        )
    except OSError as error:
        raise RenderError(f"cannot run {program}: {error.strerror}") from error
    if done.returncode:
        *_, said = ["", *done.stderr.decode(errors="replace").strip().splitlines()]
        raise RenderError(f"{program} failed with exit code {done.returncode}: {said}")
    return done.stdout
