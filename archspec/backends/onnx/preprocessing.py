"""A spec's preprocessing as part of its model, which then takes images as cameras give them.

The nodes compute what `archspec.training.preprocess` does, step by step in the same order and
in single precision, so that a model sees what its network was trained on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

import numpy as np
from onnx import (
    GraphProto,
    ModelProto,
    NodeProto,
    TensorProto,
    ValueInfoProto,
    helper,
    numpy_helper,
)

from archspec.diagnostics import Refusal
from archspec.frontend.train_schema import Normalize, Resize, Step

Layout: TypeAlias = Literal["nchw", "nhwc"]
"""Where an image has its channels: first, as networks here do, or last, as cameras do."""

PREPROCESS = "archspec.preprocess"
"""The metadata that says what is still to be done to an example before it is given."""

LAYOUT = "archspec.layout"
"""The metadata that says how images of bytes are laid out; there is none without such images."""

IMAGE_AXES = 4
"""Batch, channels, height and width."""

MODES = {"bilinear": "linear", "bicubic": "cubic"}
"""What ONNX calls the ways to find pixels in between."""

Attribute: TypeAlias = int | str | list[int]
Sizes: TypeAlias = tuple[int | str, ...]


class PreprocessingError(Refusal):
    """Preprocessing cannot become part of a model."""


def embed_preprocessing(
    model: ModelProto, steps: Sequence[Step], *, layout: Layout = "nchw"
) -> ModelProto:
    """Returns the model with the steps in front: it takes images of unsigned bytes.

    The images are `[batch, C, H, W]` or `[batch, H, W, C]`, of any height and width where a
    step resizes them. The input keeps its name.

    Args:
        model: A model with one input of images; it is left as it is.
        steps: The spec's preprocessing, in order.
        layout: The layout of the images.

    Raises:
        PreprocessingError: The model's inputs are other than one of images, or the steps do not
            make what it takes.
    """
    made = ModelProto()
    made.CopyFrom(model)
    graph = made.graph
    taken = _image_input(graph)
    front = _Front(taken, graph)
    if layout == "nhwc":
        front.add("Transpose", perm=[0, 3, 1, 2])
    front.add("Cast", to=TensorProto.FLOAT)
    sizes = _sizes(taken)
    for step in steps:
        sizes = _add_step(front, step, sizes)
    _require_sizes(taken, sizes)
    resized = any(step.resize for step in steps)
    _put_in_front(graph, front, _image_info(taken, layout, any_size=resized))
    _set_metadata(made, {PREPROCESS: "[]", LAYOUT: layout})
    return made


class _Front:
    """The nodes before the network, each reading the one before it.

    Attributes:
        nodes: The nodes.
        constants: What they read beside the images.
        last: The name of what the last of them makes.
    """

    def __init__(self, taken: ValueInfoProto, graph: GraphProto) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self.last = taken.name
        self._input = taken.name
        self._used = set(_names(graph))

    def add(self, op_type: str, *operands: np.ndarray | None, **attributes: Attribute) -> None:
        """Adds a node that reads what the last one makes, and constants."""
        self.last = self.node(op_type, self.last, *operands, **attributes)

    def node(
        self, op_type: str, *operands: str | np.ndarray | None, **attributes: Attribute
    ) -> str:
        """Adds a node that reads values by name, and constants; returns what it makes."""
        name = self._free(f"{self._input}.{op_type}")
        inputs = [
            self._constant(name, operand) if isinstance(operand, np.ndarray) else operand or ""
            for operand in operands
        ]
        made = helper.make_node(op_type, inputs, [name], name=name)
        made.attribute.extend(helper.make_attribute(key, v) for key, v in attributes.items())
        self.nodes.append(made)
        return name

    def _constant(self, node: str, value: np.ndarray) -> str:
        name = self._free(f"{node}.constant")
        self.constants.append(numpy_helper.from_array(value, name))
        return name

    def _free(self, wanted: str) -> str:
        """Returns a name like the one wanted that nothing in the graph has."""
        name = next(n for n in _numbered(wanted) if n not in self._used)
        self._used.add(name)
        return name


def _names(graph: GraphProto) -> Iterator[str]:
    for node in graph.node:
        yield from (node.name, *node.input, *node.output)
    yield from (tensor.name for tensor in graph.initializer)


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}_{number}"
        number += 1


def _image_input(graph: GraphProto) -> ValueInfoProto:
    if len(graph.input) != 1:
        raise PreprocessingError(
            f"the network takes {', '.join(info.name for info in graph.input)}, "
            "but preprocessing is of one input",
            "export it without preprocessing",
        )
    taken: ValueInfoProto = graph.input[0]
    sizes = _sizes(taken)
    if taken.type.tensor_type.elem_type != TensorProto.FLOAT or len(sizes) != IMAGE_AXES:
        kind = helper.tensor_dtype_to_np_dtype(taken.type.tensor_type.elem_type)
        raise PreprocessingError(
            f"the network takes {taken.name}: {_text(sizes[1:])} of {kind}, not images",
            "export it without preprocessing",
        )
    return taken


def _sizes(info: ValueInfoProto) -> Sizes:
    return tuple(dim.dim_param or dim.dim_value for dim in info.type.tensor_type.shape.dim)


def _text(sizes: Sizes) -> str:
    return "×".join(map(str, sizes))


def _add_step(front: _Front, step: Step, sizes: Sizes) -> Sizes:
    """Adds the nodes of a step and returns the sizes of what it makes."""
    match step.options:
        case Resize() as resize:
            return _add_resize(front, resize, sizes)
        case Normalize() as normalize:
            _add_normalize(front, normalize, sizes)
        case factor:
            front.add("Mul", np.array(factor, np.float32))
    return sizes


def _add_resize(front: _Front, resize: Resize, sizes: Sizes) -> Sizes:
    if resize.interpolation == "nearest":
        for axis, size in enumerate(resize.size, start=2):
            _add_nearest(front, axis, size)
    else:
        front.add(
            "Resize",
            None,
            None,
            np.array(resize.size, np.int64),
            axes=[2, 3],
            mode=MODES[resize.interpolation],
            coordinate_transformation_mode="half_pixel",
        )
    return (*sizes[:2], *resize.size)


def _add_nearest(front: _Front, axis: int, size: int) -> None:
    """Adds the nodes that take the nearest of the pixels along an axis.

    ONNX's own `Resize` divides by the rounded scale, and ONNX Runtime then takes another pixel
    than torch for some 3 % of all pairs of sizes, wherever two pixels are equally near.
    """
    given = front.node(
        "Cast", front.node("Shape", front.last, start=axis, end=axis + 1), to=TensorProto.FLOAT
    )
    scale = front.node("Div", given, np.array([size], np.float32))
    middles = np.arange(size, dtype=np.float32) + np.float32(0.5)
    nearest = front.node("Floor", front.node("Mul", scale, middles))
    index = front.node("Cast", nearest, to=TensorProto.INT64)
    front.last = front.node("Gather", front.last, index, axis=axis)


def _add_normalize(front: _Front, normalize: Normalize, sizes: Sizes) -> None:
    for name, values, op_type in (("mean", normalize.mean, "Sub"), ("std", normalize.std, "Div")):
        if len(values) not in (1, sizes[1]):
            raise PreprocessingError(
                f"`normalize` has {len(values)} values for {name}, but the network takes "
                f"images of {_text(sizes[1:])}",
                f"give 1 value, or {sizes[1]}",
            )
        front.add(op_type, np.array(values, np.float32).reshape(-1, 1, 1))


def _require_sizes(taken: ValueInfoProto, sizes: Sizes) -> None:
    wanted = _sizes(taken)
    if any(
        isinstance(size, int) and size != given for size, given in zip(wanted, sizes, strict=True)
    ):
        raise PreprocessingError(
            f"preprocessing makes {_text(sizes[1:])}, but the network takes "
            f"{taken.name}: {_text(wanted[1:])}",
            f"use `resize: {list(wanted[2:])}`",
        )


def _image_info(taken: ValueInfoProto, layout: Layout, *, any_size: bool) -> ValueInfoProto:
    batch, channels, *sizes = _sizes(taken)
    height, width = (f"{taken.name}.height", f"{taken.name}.width") if any_size else sizes
    shape = {"nchw": [batch, channels, height, width], "nhwc": [batch, height, width, channels]}
    return helper.make_tensor_value_info(taken.name, TensorProto.UINT8, shape[layout])


def _put_in_front(graph: GraphProto, front: _Front, images: ValueInfoProto) -> None:
    """Makes what read the input read what the new nodes make."""
    (taken,) = graph.input
    prepared = ValueInfoProto()
    prepared.CopyFrom(taken)
    prepared.name = front.last
    taken.CopyFrom(images)
    for node in graph.node:
        node.input[:] = [front.last if name == taken.name else name for name in node.input]
    nodes = [*front.nodes, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    graph.initializer.extend(front.constants)
    graph.value_info.append(prepared)


def _set_metadata(model: ModelProto, added: dict[str, str]) -> None:
    kept = {entry.key: entry.value for entry in model.metadata_props}
    del model.metadata_props[:]
    helper.set_model_props(model, kept | added)
