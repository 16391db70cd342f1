"""Pages about runs: one HTML file each, with all that it shows inside and without scripts."""

from __future__ import annotations

from base64 import b64encode
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


def render(template: str, **content: object) -> bytes:
    """Returns a page as the content of an HTML file.

    Args:
        template: The name of the template, a file beside this one.
        content: What it shows, by name; `Markup` is taken as it is, all else is text.
    """
    return _environment().get_template(template).render(**content).encode()


def png_source(png: bytes) -> str:
    """Returns a PNG file as the `src` of an image."""
    return f"data:image/png;base64,{b64encode(png).decode()}"


def inline(svg: str) -> Markup:
    """Returns an `<svg>` element, which our own figures are, to stand in a page as it is."""
    return Markup(svg)  # noqa: S704 - matplotlib and Graphviz escape what they write


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("archspec.training.record", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
