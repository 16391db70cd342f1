"""The graph IR: sizes, types, the operator contract, lowerings, nodes."""
