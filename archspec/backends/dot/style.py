"""How a picture looks: the attributes that Graphviz takes for each kind of thing."""

from __future__ import annotations

FONT = "Helvetica,Arial,DejaVu Sans,sans-serif"
"""Arial has the widths of Helvetica, so a box measured in one fits the other."""

INK = "#444444"

GRAPH = {
    "fontname": FONT,
    "labelloc": "t",
    "newrank": "true",
    "nodesep": "0.2",
    "ranksep": "0.22",
    "pad": "0.3",
}
NODE = {"fontname": FONT, "fontsize": "11", "shape": "plain"}
EDGE = {"fontname": FONT, "fontsize": "10", "color": INK, "fontcolor": INK, "arrowsize": "0.6"}
CLUSTER = {
    "fontsize": "12",
    "labeljust": "l",
    "color": "#888888",
    "margin": "12",
    "style": "rounded",
}
HEAD_CLUSTER = CLUSTER | {"style": "rounded,dashed", "margin": "20"}
TERMINAL = {"shape": "box", "style": "rounded,bold", "margin": "0.12,0.05"}
HEAD_TERMINAL = TERMINAL | {"style": "rounded,dashed"}
JUNCTION = {"label": "", "shape": "point", "width": "0.06", "color": INK}
CORNER = {"label": "", "shape": "point", "width": "0", "style": "invis"}

TRUNK, BRANCH, SLACK, LOOSE = "12", "2", "1", "0"
"""How much an edge resists being long or bent. The longest way through the network is to be
straight, and where a column is shorter than others it is to be so at its foot."""
