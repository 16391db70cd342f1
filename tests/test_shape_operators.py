"""Operators that move, cut and merge values: what they mean, and what they refuse.

The laws of all operators are elsewhere.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from execution import by_name, difference, random_weights, run_torch
from pydantic import ValidationError

from archspec import ops
from archspec.backends.torch import build
from archspec.diagnostics import Span
from archspec.ir.dim import Dim
from archspec.ir.graph import Graph
from archspec.ir.op import OperatorError
from archspec.ir.totals import totals
from archspec.ir.types import TensorType

os.environ["KERAS_BACKEND"] = "torch"

Fields = Mapping[str, Any]
Shape = tuple[int | Dim, ...]

H, W, T = map(Dim.of, "HWT")


def graph_of(kind: str, fields: Fields, *shapes: Shape) -> Graph:
    graph = Graph("example")
    for index, shape in enumerate(shapes):
        graph.add_input(f"x{index}", TensorType.of_example(shape))
    op = ops.find(kind).model_validate(fields)
    made = graph.add("node", op, [*graph.inputs.values()], span=Span("example"))
    graph.outputs = dict(zip(op.output_names(), made, strict=True))
    return graph


def made_of(kind: str, fields: Fields, *inputs: np.ndarray) -> list[np.ndarray]:
    """Returns what an operator without weights makes of a batch."""
    graph = graph_of(kind, fields, *(array.shape[1:] for array in inputs))
    made = build(graph)(*map(torch.from_numpy, inputs))
    return [tensor.numpy() for tensor in by_name(graph, made).values()]


def counted(*shape: int) -> np.ndarray:
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


@pytest.mark.parametrize(
    ("kind", "fields", "layer", "arguments"),
    [
        ("reshape", {"shape": (5, -1)}, "Reshape", {"target_shape": (5, -1)}),
        ("permute", {"dims": (3, 1, 2)}, "Permute", {"dims": (3, 1, 2)}),
        ("flatten", {}, "Flatten", {}),
        ("zero_pad2d", {"padding": (1, 2)}, "ZeroPadding2D", {"padding": (1, 2)}),
        (
            "zero_pad2d",
            {"padding": ((0, 1), (2, 3))},
            "ZeroPadding2D",
            {"padding": ((0, 1), (2, 3))},
        ),
        ("crop2d", {"cropping": ((0, 1), (2, 1))}, "Cropping2D", {"cropping": ((0, 1), (2, 1))}),
        ("center_crop", {"size": (2, 3)}, "CenterCrop", {"height": 2, "width": 3}),
        ("center_crop", {"size": (1, 2)}, "CenterCrop", {"height": 1, "width": 2}),
    ],
)
def test_values_move_as_in_keras(kind: str, fields: Fields, layer: str, arguments: Fields) -> None:
    import keras

    assert layer in ops.find(kind).keras_names
    images = layer in ("ZeroPadding2D", "Cropping2D", "CenterCrop")
    options = {"data_format": "channels_first"} if images else {}
    x = counted(2, 3, 4, 5)
    theirs = getattr(keras.layers, layer)(**arguments, **options)
    assert np.array_equal(made_of(kind, fields, x)[0], theirs(torch.from_numpy(x)).numpy())


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("add", 2 + 3 + 7),
        ("multiply", 2 * 3 * 7),
        ("average", 4),
        ("maximum", 7),
        ("minimum", 2),
    ],
)
def test_merges_take_any_number_of_inputs(kind: str, expected: float) -> None:
    inputs = [np.full((1, 4), value, np.float32) for value in (2, 7, 3)]
    assert (made_of(kind, {}, *inputs)[0] == expected).all()


def test_subtraction_is_in_order() -> None:
    assert made_of("subtract", {}, counted(1, 3) + 5, counted(1, 3))[0].tolist() == [[5, 5, 5]]


def test_a_gate_of_each_channel_stretches_over_the_image() -> None:
    image, gate = counted(2, 3, 4, 5), counted(2, 3, 1, 1)
    for inputs in ((image, gate), (gate, image)):
        assert np.array_equal(made_of("multiply", {}, *inputs)[0], image * gate)


@pytest.mark.parametrize(
    "shapes", [((3, 4), (3, 5)), ((1, 4), (2, 4), (3, 4)), ((3, 1), (3, 4), (3, 5))]
)
def test_only_sizes_of_one_stretch(shapes: tuple[Shape, ...]) -> None:
    with pytest.raises(OperatorError, match="add needs equal"):
        graph_of("add", {}, *shapes)


def test_a_symbolic_size_does_not_stretch() -> None:
    graph = graph_of("multiply", {}, (3, H), (3, W))
    assert [str(equality) for equality in graph.equalities] == ["H = W"]
    with pytest.raises(ValueError, match="needs equal"):
        build(graph)(torch.zeros(1, 3, 1), torch.zeros(1, 3, 4))


def test_merges_refuse_another_number_of_axes() -> None:
    with pytest.raises(OperatorError, match="the same number of axes"):
        graph_of("multiply", {}, (3, 4, 4), (3,))


def test_stacking_makes_an_axis() -> None:
    a, b = counted(2, 3), counted(2, 3) + 10
    assert np.array_equal(made_of("stack", {}, a, b)[0], np.stack([a, b], 1))


@pytest.mark.parametrize("kind", ["concat", "stack"])
def test_joined_inputs_hold_numbers_of_one_type(kind: str) -> None:
    op = ops.find(kind)()
    with pytest.raises(OperatorError, match="one type, not float32 and int64"):
        op.output(TensorType.of_example((3,)), TensorType.of_example((3,), "int64"))


def test_split_gives_each_part_its_name_and_its_values() -> None:
    x = counted(2, 6, 2)
    for parts in (("a", "b", "c"), {"a": 2, "b": 2, "c": 2}):
        graph = graph_of("split", {"parts": parts}, (6, 2))
        made = build(graph)(torch.from_numpy(x))
        assert [*made] == ["a", "b", "c"]
        assert np.array_equal(np.concatenate([*made.values()], 1), x)


def test_a_selection_keeps_its_order() -> None:
    x = counted(1, 4, 2)
    assert np.array_equal(made_of("select", {"channels": (3, 0, 3)}, x)[0], x[:, [3, 0, 3]])


@pytest.mark.parametrize("rows", [(9, 5), (9, 4), (8, 5)])
def test_cropping_like_another_keeps_the_centre(rows: tuple[int, int]) -> None:
    before, after = rows
    start = (before - after) // 2
    x = counted(1, 2, before, 7)
    made = made_of("crop_like", {}, x, counted(1, 3, after, 7))[0]
    assert np.array_equal(made, x[:, :, start : start + after])


def test_cropping_cannot_enlarge() -> None:
    with pytest.raises(OperatorError, match="4 cannot be cropped to 5"):
        graph_of("crop_like", {}, (2, 4, 4), (2, 5, 5))
    network = build(graph_of("center_crop", {"size": 5}, (2, H, W)))
    with pytest.raises(ValueError, match="4 cannot be cropped to 5"):
        network(torch.zeros(1, 2, 4, 9))


@pytest.mark.parametrize(
    ("kind", "theirs", "shape", "padding"),
    [
        ("zero_pad1d", torch.nn.ZeroPad1d, (3, 5), ((1, 2),)),
        ("zero_pad2d", torch.nn.ZeroPad2d, (3, 5, 6), ((1, 2), (-1, 3))),
        ("zero_pad3d", torch.nn.ZeroPad3d, (3, 5, 6, 4), ((1, 2), (0, 3), (4, 0))),
        ("reflection_pad2d", torch.nn.ReflectionPad2d, (3, 5, 6), ((1, 2), (0, 3))),
        ("replication_pad2d", torch.nn.ReplicationPad2d, (3, 5, 6), ((1, 2), (0, 3))),
    ],
)
def test_padding_is_torch_s(
    kind: str,
    theirs: Callable[[tuple[int, ...]], torch.nn.Module],
    shape: tuple[int, ...],
    padding: tuple[tuple[int, int], ...],
) -> None:
    x = counted(2, *shape)
    expected = theirs(tuple(n for side in reversed(padding) for n in side))(torch.from_numpy(x))
    assert np.array_equal(made_of(kind, {"padding": padding}, x)[0], expected.numpy())


def test_padding_with_a_number() -> None:
    made = made_of("constant_pad2d", {"padding": (0, 1), "value": 7.0}, counted(1, 1, 2, 1))[0]
    assert made[0, 0].tolist() == [[7, 0, 7], [7, 1, 7]]


def test_channels_are_shuffled_between_groups() -> None:
    made = made_of("channel_shuffle", {"groups": 2}, counted(1, 6, 1))[0]
    assert made.flatten().tolist() == [0, 3, 1, 4, 2, 5]
    x = counted(2, 12, 2, 3)
    expected = torch.nn.ChannelShuffle(3)(torch.from_numpy(x)).numpy()
    assert np.array_equal(made_of("channel_shuffle", {"groups": 3}, x)[0], expected)


def test_shuffling_pixels_back_gives_the_image() -> None:
    x = counted(2, 3, 4, 6)
    channels = made_of("pixel_unshuffle", {"downscale_factor": 2}, x)[0]
    assert np.array_equal(made_of("pixel_shuffle", {"upscale_factor": 2}, channels)[0], x)


def test_squeeze_excitation_weighs_and_costs_what_timm_s_does() -> None:
    graph = graph_of("squeeze_excitation", {}, (256, 56, 56))
    shapes = {node.path: node.parameters() for node in graph.nodes}
    counts = {path: sum(np.prod(p.shape) for p in found.values()) for path, found in shapes.items()}
    assert counts["node.fc1"] == 4112
    assert counts["node.fc2"] == 4352
    assert totals(graph).macs == 2 * 4096


def test_squeeze_excitation_is_the_paper_s() -> None:
    graph = graph_of("squeeze_excitation", {"reduction": 2}, (4, H, W))
    weights = random_weights(graph)
    x = np.random.default_rng(0).normal(size=(2, 4, 5, 3)).astype(np.float32)
    first, second = (
        (weights[f"node.{name}.weight"][:, :, 0, 0], weights[f"node.{name}.bias"])
        for name in ("fc1", "fc2")
    )
    squeezed = np.maximum(x.mean((2, 3)) @ first[0].T + first[1], 0)
    gate = 1 / (1 + np.exp(-(squeezed @ second[0].T + second[1])))
    expected = x * gate[:, :, None, None]
    (made,) = run_torch(graph, weights, {"x0": x}).values()
    assert difference(expected, made) <= 1e-5


def test_a_reshape_of_symbolic_sizes_is_checked_when_they_are_known() -> None:
    graph = graph_of("reshape", {"shape": (-1, 4)}, (T, 6))
    assert build(graph)(torch.zeros(2, 2, 6)).shape == (2, 3, 4)
    with pytest.raises(ValueError, match="needs equal numbers of values"):
        build(graph)(torch.zeros(2, 3, 6))


@pytest.mark.parametrize(
    ("kind", "fields", "shapes", "message", "remedy"),
    [
        ("reshape", {"shape": (4, -1)}, [(6, 3)], "18 values do not fit", "the input is 6×3"),
        ("permute", {"dims": (2, 1)}, [(3, 4, 5)], "names 2 axes", "name each of 1 to 3"),
        ("flatten", {"start_dim": 0}, [(3, 4)], "not an axis", "counts the batch as 0"),
        ("flatten", {"start_dim": 2, "end_dim": 1}, [(3, 4)], "comes after", "the input is 3×4"),
        ("squeeze", {"dim": 1}, [(3, 4)], "is 3", "the input is 3×4"),
        ("unsqueeze", {"dim": 0}, [(3, 4)], "cannot be at dim: 0", "use 1 to 3"),
        ("stack", {"dim": 4}, [(3, 4), (3, 4)], "cannot be at dim: 4", "use 1 to 3"),
        ("split", {"parts": ("a", "b")}, [(5, 4)], "5 cannot be split into 2", "make up dim: 1"),
        ("split", {"parts": {"a": 1, "b": 3}}, [(5, 4)], "into 1 + 3", "make up dim: 1"),
        ("select", {"channels": (1, 6)}, [(6, 2)], "no channel 6", "from 0 to 5"),
        ("take", {"index": -4}, [(3, 2)], "no index -4", "from 0 to 2"),
        ("crop2d", {"cropping": 4}, [(1, 4, 9)], "4 cannot be cropped from a size of 4", "less"),
        ("reflection_pad2d", {"padding": 4}, [(1, 4, 9)], "cannot be mirrored", "at most 3"),
        ("pixel_shuffle", {"upscale_factor": 2}, [(6, 4, 4)], "no multiple", "give it 8 channels"),
        ("pixel_unshuffle", {"downscale_factor": 2}, [(3, 5, 4)], "no multiple", "pad or crop"),
        ("channel_shuffle", {"groups": 4}, [(6, 4)], "cannot be divided", "must divide 6"),
        ("squeeze_excitation", {}, [(8, 4, 4)], "leave none", "smaller reduction"),
        ("matmul", {}, [(4,), (4,)], "at least two", "unsqueeze"),
        ("crop_like", {}, [(4, 4), (4, 4, 4)], "they are 4×4 and 4×4×4", "behind them"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_remedy(
    kind: str, fields: Fields, shapes: list[Shape], message: str, remedy: str
) -> None:
    with pytest.raises(OperatorError) as caught:
        graph_of(kind, fields, *shapes)
    assert message in caught.value.message
    assert remedy in caught.value.help


@pytest.mark.parametrize(
    ("kind", "shapes", "message"),
    [
        ("pixel_unshuffle", [(3, 2 * H + 1, 4)], "needs equal height and a multiple of 2"),
        ("matmul", [(3, 4), (5, 3)], "needs equal inner sizes"),
        ("pairwise_distance", [(3, 4), (3, 5)], "needs equal"),
    ],
)
def test_sizes_that_must_be_equal(kind: str, shapes: list[Shape], message: str) -> None:
    fields = {"downscale_factor": 2} if kind == "pixel_unshuffle" else {}
    with pytest.raises(OperatorError, match=message):
        graph_of(kind, fields, *shapes)


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        ("permute", {"dims": (0, 2, 1)}, "write \\[2, 1\\] if 0 is the batch"),
        ("permute", {"dims": (1, 0)}, "write \\[2, 1\\]"),
        ("permute", {"dims": (1, 1)}, "each axis once"),
        ("reshape", {"shape": (-1, -1)}, "only one of them may be -1"),
        ("reshape", {"shape": (0, 3)}, "sizes must be positive"),
        ("split", {"parts": ("a", "a")}, "a name of its own"),
        ("split", {"parts": {"a": 3}}, "at least two parts"),
        ("zero_pad2d", {"padding": (1, 2, 3)}, r"2 of them, or \[\[before, after\], .*, not 3"),
        ("crop2d", {"cropping": ((1, 2),)}, "not 1"),
        ("crop2d", {"cropping": -1}, "greater than or equal to 0"),
    ],
)
def test_fields_that_mean_nothing_are_refused(kind: str, fields: Fields, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ops.find(kind).model_validate(fields)


@pytest.mark.parametrize(
    ("kind", "field"),
    [("pixel_shuffle", "upscale_factor"), ("pixel_unshuffle", "downscale_factor")],
)
def test_pixels_of_integers_are_refused_for_onnx_runtime_moves_none(kind: str, field: str) -> None:
    graph = Graph("example")
    value = graph.add_input("x", TensorType.of_example((4, 4, 4), "int64"))
    op = ops.find(kind).model_validate({field: 2})
    with pytest.raises(OperatorError, match=f"{kind} takes numbers of type float32"):
        graph.add("node", op, [value], span=Span("example"))
