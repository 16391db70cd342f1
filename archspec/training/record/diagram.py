"""The network's diagram for a page, small enough to be looked at."""

from __future__ import annotations

import re

from archspec.backends.dot.document import document
from archspec.backends.dot.render import RenderError, render
from archspec.ir.graph import Graph

BOXES = 28
"""About how many boxes are looked at; blocks are folded until there are no more."""

DEEPEST = 6


def diagram(graph: Graph) -> str | None:
    """Returns the diagram of a network as an `<svg>` element; `None` if Graphviz fails."""
    documents = (document(graph, depth) for depth in (None, *range(DEEPEST, 0, -1)))
    drawn = next((each for each in documents if each.boxes <= BOXES), document(graph, 1))
    try:
        svg = render(drawn.source, "svg").content.decode()
    except RenderError:
        return None
    svg = svg[svg.index("<svg") :]
    return re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL).strip()
