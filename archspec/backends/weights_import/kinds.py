"""Which operators a layer of a file may be, by what the file says of its kind."""

from __future__ import annotations

CONVOLUTIONS = frozenset(f"conv{axes}d" for axes in (1, 2, 3))
DEPTHWISE = frozenset(f"depthwise_conv{axes}d" for axes in (1, 2))
TRANSPOSED = frozenset(f"conv_transpose{axes}d" for axes in (1, 2, 3))

KINDS: dict[str, frozenset[str]] = {
    "conv": CONVOLUTIONS | DEPTHWISE | {"linear"},
    "depthwise": CONVOLUTIONS | DEPTHWISE,
    "conv_transpose": TRANSPOSED,
    "linear": CONVOLUTIONS | {"linear"},
    "batch_norm": frozenset({"batch_norm"}),
    "layer_norm": frozenset({"layer_norm"}),
    "group_norm": frozenset({"group_norm"}),
    "instance_norm": frozenset({"instance_norm"}),
    "rms_norm": frozenset({"rms_norm"}),
    "embedding": frozenset({"embedding", "position_embedding"}),
    "lstm": frozenset({"lstm"}),
    "gru": frozenset({"gru"}),
    "rnn": frozenset({"rnn"}),
    "prelu": frozenset({"prelu"}),
    "attention": frozenset({"multi_head_attention", "cross_attention"}),
}
"""Names of operators by kind."""
