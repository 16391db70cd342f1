"""A spec's preprocessing as part of its model, which then takes images as cameras give them.

The nodes compute what `archspec.training.preprocessing` does, step by step in the same order and
in single precision, so that a model sees what its network was trained on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from onnx import GraphProto, ModelProto, TensorProto, ValueInfoProto, helper

from archspec.backends.fitted_step import FittedStep, given_channels
from archspec.backends.onnx.front import Front
from archspec.backends.onnx.step_nodes import PreprocessingError, Sizes, add_step, sizes_text

__all__ = ["Layout", "PreprocessingError", "embed_preprocessing"]

Layout: TypeAlias = Literal["nchw", "nhwc"]
"""Where an image has its channels: first, as networks here do, or last, as cameras do."""

PREPROCESS = "archspec.preprocess"
"""The metadata that says what is still to be done to an example before it is given."""

LAYOUT = "archspec.layout"
"""The metadata that says how images of bytes are laid out; there is none without such images."""

IMAGE_AXES = 4
"""Batch, channels, height and width."""


def embed_preprocessing(
    model: ModelProto, steps: Sequence[FittedStep], *, layout: Layout = "nchw"
) -> ModelProto:
    """Returns the model with the steps in front: it takes images of unsigned bytes.

    The images are `[batch, C, H, W]` or `[batch, H, W, C]`, of any height and width where a
    step resizes them. The input keeps its name.

    Args:
        model: A model with one input of images; it is left as it is.
        steps: The spec's preprocessing, in order, with what it has learnt.
        layout: The layout of the images.

    Raises:
        PreprocessingError: The model's inputs are other than one of images, or the steps do not
            make what it takes, or have not learnt what they need.
    """
    made = ModelProto()
    made.CopyFrom(model)
    graph = made.graph
    taken = _image_input(graph)
    front = Front(taken, graph)
    if layout == "nhwc":
        front.add("Transpose", perm=[0, 3, 1, 2])
    front.add("Cast", to=TensorProto.FLOAT)
    given = _given_sizes(taken, steps)
    sizes = given
    for step in steps:
        sizes = add_step(front, step, sizes)
    _require_sizes(taken, sizes)
    _put_in_front(graph, front, _image_info(taken.name, given, layout))
    _set_metadata(made, {PREPROCESS: "[]", LAYOUT: layout})
    return made


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
            f"the network takes {taken.name}: {sizes_text(sizes[1:])} of {kind}, not images",
            "export it without preprocessing",
        )
    return taken


def _sizes(info: ValueInfoProto) -> Sizes:
    return tuple(dim.dim_param or dim.dim_value for dim in info.type.tensor_type.shape.dim)


def _given_sizes(taken: ValueInfoProto, steps: Sequence[FittedStep]) -> Sizes:
    """Returns the sizes of images as they are before any step."""
    batch, channels, height, width = _sizes(taken)
    if any(fitted.step.resize for fitted in steps):
        height, width = f"{taken.name}.height", f"{taken.name}.width"
    return (batch, given_channels(steps) or channels, height, width)


def _require_sizes(taken: ValueInfoProto, sizes: Sizes) -> None:
    wanted = _sizes(taken)
    if any(
        isinstance(size, int) and size != given for size, given in zip(wanted, sizes, strict=True)
    ):
        raise PreprocessingError(
            f"preprocessing makes {sizes_text(sizes[1:])}, but the network takes "
            f"{taken.name}: {sizes_text(wanted[1:])}",
            f"use `resize: {list(wanted[2:])}`",
        )


def _image_info(name: str, sizes: Sizes, layout: Layout) -> ValueInfoProto:
    batch, channels, height, width = sizes
    shape = (batch, height, width, channels) if layout == "nhwc" else sizes
    return helper.make_tensor_value_info(name, TensorProto.UINT8, shape)


def _put_in_front(graph: GraphProto, front: Front, images: ValueInfoProto) -> None:
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
