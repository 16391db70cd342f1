"""A graph as a diagram: boxes of operators in nested clusters, for Graphviz to lay out.

`compose` decides what shares a box, `wires` what is joined, `columns` where a tall network
is folded, `document` writes it down in Graphviz's language, `render` runs Graphviz.
"""
