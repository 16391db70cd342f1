"""What is matched: the layers with weights of a file, and those of a graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from archspec.backends.weights_import.flow import Flow
from archspec.ir.graph import Node
from archspec.ir.op import Param


class SourceLayer(NamedTuple):
    """A layer of a file: the tensors under one name.

    Attributes:
        name: Its name in the file.
        kind: What is known of its operator: Keras's class or ONNX's, turned into a key of
            `archspec.backends.weights_import.kinds`; `None` if any layer may have such tensors.
        tensors: Its tensors by their names within it. Those of Keras are in Keras's layout, all
            others in torch's.
        facts: What the file says of its settings, in torch's words: `eps`, `momentum`,
            `reset_after`, `channels_first`.
        series: Layers of one series stand in the order in which data flows through them, where
            it does; `None` is a layer of no series.
    """

    name: str
    kind: str | None
    tensors: Mapping[str, np.ndarray]
    facts: Mapping[str, float] = {}
    series: str | None = None


class Source(NamedTuple):
    """The weights in a file.

    Attributes:
        layers: Its layers, those of each series in their order.
        is_keras: Whether they are in Keras's layout.
        flow: How data flow through them, if the file says it.
        others: Names of tensors that are no weights, such as indices.
    """

    layers: tuple[SourceLayer, ...]
    is_keras: bool = False
    flow: Flow | None = None
    others: tuple[str, ...] = ()


class Target(NamedTuple):
    """A layer with weights of the graph.

    Attributes:
        node: Its node.
        tensors: Its weights and statistics.
        in_order: Keras's number of each input feature, where it flattens in another order.
        out_order: The same of the output features, before they become an image.
    """

    node: Node
    tensors: Mapping[str, Param]
    in_order: np.ndarray | None = None
    out_order: np.ndarray | None = None

    @property
    def path(self) -> str:
        """Its name path."""
        return self.node.path
