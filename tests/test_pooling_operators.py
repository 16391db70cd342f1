"""Pooling and resizing against Keras, NumPy, SciPy and the papers; the laws are elsewhere."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from execution import difference, random_weights, run_onnx, run_torch
from numpy.lib.stride_tricks import sliding_window_view
from pydantic import ValidationError
from scipy import ndimage

from archspec import ops
from archspec.backends.onnx import export
from archspec.backends.torch import build
from archspec.diagnostics import Span
from archspec.frontend import compile_text
from archspec.ir.dim import Dim, Size
from archspec.ir.graph import Graph
from archspec.ir.lowering import TorchModule
from archspec.ir.op import Operator, OperatorError
from archspec.ir.totals import totals
from archspec.ir.types import TensorType
from archspec.nn.upsample_like import UpsampleLike
from archspec.ops.base.window import per_axis

os.environ["KERAS_BACKEND"] = "torch"

Fields = Mapping[str, Any]
TOLERANCE = 1e-5


def operator(name: str, **fields: object) -> Operator:
    return ops.find(name).model_validate(fields)


def graph_of(op: Operator, *shape: Size) -> Graph:
    graph = Graph("example")
    value = graph.add_input("x", TensorType.of_example(shape))
    made = graph.add("node", op, [value], span=Span("example"))
    graph.outputs = {"y": made[0]}
    return graph


def random_array(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).normal(size=(2, *shape)).astype(np.float32)


def computed(op: Operator, x: np.ndarray, folder: Path) -> np.ndarray:
    """Returns what torch makes, after comparing it with all other ways to compute it."""
    known = graph_of(op, *x.shape[1:])
    made = run_torch(known, {}, {"x": x})["y"]
    names = [Dim.of(f"size_{axis}") for axis in range(2, x.ndim)]
    for graph in (known, graph_of(op, x.shape[1], *names)):
        export(graph, {}, folder / "example.onnx", metadata={})
        for other in (run_torch(graph, {}, {"x": x}), run_onnx(folder / "example.onnx", {"x": x})):
            assert difference(made, other["y"]) <= TOLERANCE
    return made


def in_keras(name: str, arguments: Fields, x: np.ndarray) -> np.ndarray:
    import keras

    layer = getattr(keras.layers, name)(**arguments)
    made: torch.Tensor = layer(torch.from_numpy(x).movedim(1, -1))
    return made.numpy(force=True) if made.dim() == 2 else made.movedim(-1, 1).numpy(force=True)


WINDOWS: list[tuple[int, Fields]] = [
    (1, {"pool_size": 3, "strides": 2, "padding": "same"}),
    (1, {"pool_size": 2, "strides": 1, "padding": "same"}),
    (2, {"pool_size": 2, "strides": 2, "padding": "same"}),
    (2, {"pool_size": 3, "strides": 2, "padding": "same"}),
    (2, {"pool_size": 3, "strides": 1, "padding": "same"}),
    (2, {"pool_size": (5, 2), "strides": (3, 2), "padding": "same"}),
    (2, {"pool_size": 1, "strides": 2, "padding": "same"}),
    (2, {"pool_size": 3, "strides": 2, "padding": "valid"}),
    (3, {"pool_size": (2, 3, 4), "strides": (2, 1, 3), "padding": "same"}),
]
SIZES: dict[int, list[tuple[int, ...]]] = {1: [(9,), (10,)], 2: [(9, 10), (8, 7)], 3: [(5, 6, 7)]}


def pooling(kind: str, axes: int, arguments: Fields) -> Operator:
    op = ops.find(f"{kind}{axes}d")
    return op.model_validate({op.keras_fields.get(k, k): v for k, v in arguments.items()})


@pytest.mark.parametrize(("axes", "arguments"), WINDOWS)
def test_max_pooling_is_keras_s(axes: int, arguments: Fields, tmp_path: Path) -> None:
    pool = pooling("max_pool", axes, arguments)
    for size in SIZES[axes]:
        x = random_array(3, *size)
        made = computed(pool, x, tmp_path)
        for name in pool.keras_names:
            np.testing.assert_array_equal(in_keras(name, arguments, x), made)


@pytest.mark.parametrize(("axes", "arguments"), WINDOWS)
def test_average_pooling_is_tensorflow_s(axes: int, arguments: Fields, tmp_path: Path) -> None:
    # Keras on torch repeats the edge where padding is uneven, which TensorFlow does not.
    kernel, stride = (per_axis(arguments[key], axes) for key in ("pool_size", "strides"))
    for size in SIZES[axes]:
        x = random_array(3, *size)
        pads = [(0, 0), (0, 0)]
        for n, k, s in zip(size, kernel, stride, strict=True):
            total = max((-(-n // s) - 1) * s + k - n, 0) * (arguments["padding"] == "same")
            pads.append((total // 2, total - total // 2))
        padded = np.pad(x, pads, constant_values=np.nan)
        expected = np.nanmean(stepped_windows(padded, kernel, stride), tuple(range(-axes, 0)))
        made = computed(pooling("avg_pool", axes, arguments), x, tmp_path)
        assert difference(expected, made) <= TOLERANCE


def stepped_windows(x: np.ndarray, kernel: Sequence[int], stride: Sequence[int]) -> np.ndarray:
    """Returns the windows of `[N, C, sizes]` as `[N, C, windows, kernel]`."""
    windows = sliding_window_view(x, tuple(kernel), tuple(range(2, x.ndim)))
    return windows[(slice(None), slice(None), *(slice(None, None, s) for s in stride))]


@pytest.mark.parametrize("kind", ["max", "avg"])
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_pooling_of_everything_is_keras_s(kind: str, axes: int, tmp_path: Path) -> None:
    op = ops.find(f"global_{kind}_pool{axes}d")
    x = random_array(3, *SIZES[axes][0])
    for keepdim in (False, True):
        made = computed(op.model_validate({"keepdim": keepdim}), x, tmp_path)
        for name in op.keras_names:
            assert difference(in_keras(name, {"keepdims": keepdim}, x), made) <= TOLERANCE


@pytest.mark.parametrize("kind", ["max", "avg"])
@pytest.mark.parametrize("size", [(4, 5), (9, 3), (12, 1)])
def test_adaptive_windows_are_keras_s(kind: str, size: tuple[int, int]) -> None:
    op = ops.find(f"adaptive_{kind}_pool2d")
    x = random_array(3, 9, 10)
    made = run_torch(graph_of(op.model_validate({"output_size": size}), 3, 9, 10), {}, {"x": x})
    (name,) = op.keras_names
    assert difference(in_keras(name, {"output_size": size}, x), made["y"]) <= TOLERANCE


@pytest.mark.parametrize("kind", ["max_pool2d", "avg_pool2d"])
@pytest.mark.parametrize(
    ("fields", "sizes", "plain"),
    [
        ({"kernel_size": 3, "stride": 1}, (Dim.of("H"), Dim.of("W")), True),
        ({"kernel_size": 3, "stride": 2}, (7, 9), True),
        ({"kernel_size": 3, "stride": 2}, (8, 9), False),
        ({"kernel_size": 3, "stride": 2}, (Dim.of("H"), 9), False),
        ({"kernel_size": 2, "stride": 1}, (7, 9), False),
    ],
)
def test_same_is_torch_s_own_module_where_that_can_pad(
    kind: str, fields: Fields, sizes: tuple[Size, Size], plain: bool
) -> None:
    lowering = operator(kind, **fields, padding="same").torch(TensorType.of_example((3, *sizes)))
    assert isinstance(lowering, TorchModule)
    assert lowering.target.startswith("torch.nn.") == plain


@pytest.mark.parametrize("kind", ["max_pool2d", "min_pool2d", "avg_pool2d"])
def test_same_leaves_nothing_to_round_up(kind: str, tmp_path: Path) -> None:
    x = random_array(3, 8, 9)
    fields = {"kernel_size": 4, "stride": 1, "padding": "same"}
    expected = computed(operator(kind, **fields), x, tmp_path)
    assert expected.shape == x.shape
    made = computed(operator(kind, **fields, ceil_mode=True), x, tmp_path)
    np.testing.assert_array_equal(made, expected)


def test_min_pooling_is_scipy_s_minimum_filter(tmp_path: Path) -> None:
    x = random_array(3, 8, 9)
    made = computed(operator("min_pool2d", kernel_size=3, stride=1, padding="same"), x, tmp_path)
    expected = ndimage.minimum_filter(x, size=(1, 1, 3, 3), mode="constant", cval=np.inf)
    np.testing.assert_array_equal(made, expected)


@pytest.mark.parametrize("size", [(3, 3), (5, 3), (1, 7)])
def test_median_pooling_is_scipy_s_median_filter(size: tuple[int, int], tmp_path: Path) -> None:
    x = random_array(3, 8, 9)
    made = computed(
        operator("median_pool2d", kernel_size=size, stride=1, padding="same"), x, tmp_path
    )
    expected = ndimage.median_filter(x, size=(1, 1, *size), mode="nearest")
    np.testing.assert_array_equal(made, expected)


@pytest.mark.parametrize(
    ("kernel", "stride", "padding"),
    [
        ((2,), (2,), (0,)),
        ((4, 3), (1, 2), (2, 0)),
        ((2, 2), (2, 2), (1, 1)),
        ((2, 3, 2), (2, 3, 2), (0, 0, 0)),
    ],
)
def test_medians_are_numpy_s_of_even_windows_too(
    kernel: tuple[int, ...], stride: tuple[int, ...], padding: tuple[int, ...], tmp_path: Path
) -> None:
    axes = len(kernel)
    x = random_array(3, *SIZES[axes][0])
    op = operator(f"median_pool{axes}d", kernel_size=kernel, stride=stride, padding=padding)
    padded = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in padding)], mode="edge")
    expected = np.median(stepped_windows(padded, kernel, stride), tuple(range(-axes, 0)))
    assert difference(expected, computed(op, x, tmp_path)) <= TOLERANCE


def test_sub_sampling_is_that_of_the_paper() -> None:
    """LeNet-5's S2: 12 trainable parameters on 6 maps, 5,880 connections (LeCun et al. 1998)."""
    graph = graph_of(operator("subsample2d", kernel_size=2), 6, 28, 28)
    assert totals(graph).params == 12
    assert totals(graph).macs == 0
    assert graph.outputs["y"].type.example == (6, 14, 14)
    x, weight, bias = random_array(6, 28, 28), np.arange(6.0), np.arange(6.0) - 2
    weights = {"node.weight": weight.astype("float32"), "node.bias": bias.astype("float32")}
    sums = x[:, :, ::2, ::2] + x[:, :, 1::2, ::2] + x[:, :, ::2, 1::2] + x[:, :, 1::2, 1::2]
    expected = sums * weight[:, None, None] + bias[:, None, None]
    assert difference(expected, run_torch(graph, weights, {"x": x})["y"]) <= TOLERANCE


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("UpSampling1D", {"size": 3}),
        ("UpSampling2D", {"size": (2, 3)}),
        ("UpSampling2D", {"size": (2, 4), "interpolation": "bilinear"}),
        ("UpSampling3D", {"size": (2, 1, 3)}),
    ],
)
def test_upsampling_is_keras_s(name: str, fields: Fields, tmp_path: Path) -> None:
    op = ops.find("upsample")
    axes = int(name[-2])
    resize = op.model_validate({op.keras_fields[k]: v for k, v in fields.items()})
    x = random_array(3, *SIZES[axes][0])
    assert difference(in_keras(name, fields, x), computed(resize, x, tmp_path)) <= TOLERANCE


@pytest.mark.parametrize(
    ("mode", "scales"),
    [
        ("nearest", [0.125, 0.25, 0.5, *range(1, 33)]),
        ("linear", [0.37109375, 0.5, 0.75, 1.00390625, 1.25, 1.5, 7, 31.5]),
    ],
)
def test_torch_and_onnx_scale_alike(mode: str, scales: list[float], tmp_path: Path) -> None:
    x = random_array(1, 23)
    for scale in scales:
        computed(operator("upsample", scale_factor=scale, mode=mode), x, tmp_path)


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_torch_and_onnx_resize_alike(mode: str, align_corners: bool, tmp_path: Path) -> None:
    x = random_array(2, 8, 5)
    for size in ((1, 1), (3, 4), (8, 11), (20, 2)):
        op = operator("upsample", size=size, mode=mode, align_corners=align_corners)
        computed(op, x, tmp_path)


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("max_pool2d", {"kernel_size": 3, "padding": 2}, "padding 2 is more than half of"),
        ("avg_pool1d", {"kernel_size": (3, 3)}, "kernel_size takes one size, not 2"),
        ("min_pool3d", {"kernel_size": 3, "stride": (1, 2)}, "stride takes one size or 3 of them"),
        ("max_pool2d", {"kernel_size": 3, "dilation": 2, "padding": "same"}, "not take a dilation"),
        ("adaptive_avg_pool2d", {"output_size": (None, None)}, "along at least one axis"),
        ("adaptive_max_pool2d", {"output_size": (1, 2, 3)}, "output_size takes one size or 2"),
        ("upsample", {}, "either scale_factor or size"),
        ("upsample", {"scale_factor": 2, "size": 4}, "either scale_factor or size"),
        ("upsample", {"scale_factor": 2, "align_corners": True}, "not for nearest"),
        ("upsample", {"scale_factor": 1.5}, "neither a whole number"),
        ("upsample", {"scale_factor": 1.3, "mode": "bilinear"}, "not a multiple of 1/256"),
    ],
)
def test_fields_that_cannot_be_are_refused(name: str, fields: Fields, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        operator(name, **fields)


@pytest.mark.parametrize(
    ("name", "fields", "shape", "message"),
    [
        ("max_pool2d", {"kernel_size": 2}, (3, 8), "an image"),
        ("max_pool1d", {"kernel_size": 2, "stride": 3, "padding": "same"}, (3, "T"), "at most"),
        (
            "avg_pool2d",
            {"kernel_size": (1, 3), "stride": 2, "padding": "same"},
            (3, 8, "W"),
            "strides of at most the kernel size",
        ),
        (
            "adaptive_avg_pool2d",
            {"output_size": 7},
            (3, "H", "W"),
            "unknown size H cannot be pooled to 7",
        ),
        ("subsample2d", {"kernel_size": 2}, ("C", 8, 8), "number of channels must be a known"),
        ("upsample", {"scale_factor": 2}, (3,), "one to three axes"),
        ("upsample", {"scale_factor": 2, "mode": "bilinear"}, (3, 8), "mode: bilinear is not for"),
        ("upsample", {"size": (2, 3)}, (3, 8), "size has 2 values"),
    ],
)
def test_inputs_that_cannot_be_are_refused_with_a_remedy(
    name: str, fields: Fields, shape: tuple[int | str, ...], message: str
) -> None:
    sizes = [Dim.of(size) if isinstance(size, str) else size for size in shape]
    with pytest.raises(OperatorError, match=message) as caught:
        graph_of(operator(name, **fields), *sizes)
    assert caught.value.help


@pytest.mark.parametrize("padding", [0, 1, 2, (0, 1, 2), "same", "valid"], ids=str)
@pytest.mark.parametrize("ceil_mode", [False, True])
def test_volumes_smaller_than_a_window_are_refused_as_torch_does(
    padding: int | tuple[int, int, int] | str, ceil_mode: bool
) -> None:
    op = operator("avg_pool3d", kernel_size=4, stride=2, padding=padding, ceil_mode=ceil_mode)
    amounts = 0 if isinstance(padding, str) else padding
    for shape in itertools.product((1, 3, 4, 5), repeat=3):
        try:
            graph = graph_of(op, 2, *shape)
        except OperatorError:
            assert padding != "same"
            with pytest.raises(RuntimeError, match=r"smaller than kernel|too small"):
                torch.nn.AvgPool3d(4, 2, amounts, ceil_mode)(torch.ones(1, 2, *shape))
        else:
            made = build(graph)(torch.ones(1, 2, *shape))
            assert made.shape[1:] == graph.outputs["y"].type.example


def test_a_window_larger_than_a_volume_is_explained() -> None:
    op = operator("avg_pool3d", kernel_size=3, stride=1, padding=1)
    with pytest.raises(OperatorError, match=r"3×3×3 is larger .* 1×2×9×9") as caught:
        graph_of(op, 1, 2, 9, 9)
    assert "smaller window" in caught.value.help


def test_more_windows_than_can_be_written_down_are_refused() -> None:
    with pytest.raises(ValidationError, match="less than or equal to 65536"):
        operator("adaptive_avg_pool2d", output_size=2**31 - 1)


ASPP = """
name: aspp
inputs: {image: [3, H, W]}
layers:
  - conv2d: {name: seen, out_channels: 4, kernel_size: 3, stride: 2}
  - concat:
      each: {rate: [1, 2]}
      path: [conv2d: {out_channels: 3, kernel_size: 3, padding: same, dilation: =rate}]
      pooled: [adaptive_avg_pool2d: 1, upsample_like: {mode: bilinear, reference: seen}]
  - upsample_like: {mode: MODE, reference: image}
"""


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
def test_a_segmentation_network_makes_maps_of_the_size_of_any_image(
    mode: str, tmp_path: Path
) -> None:
    graph = compile_text(ASPP.replace("MODE", mode), "aspp.yaml").graph
    (name,) = graph.outputs
    assert str(graph.outputs[name].type) == "10×H×W"
    weights = random_weights(graph)
    export(graph, weights, tmp_path / "aspp.onnx", metadata={})
    for height, width in ((12, 17), (41, 33)):
        inputs = {"image": random_array(3, height, width)}
        expected = run_torch(graph, weights, inputs)[name]
        assert expected.shape == (2, 10, height, width)
        assert difference(expected, run_onnx(tmp_path / "aspp.onnx", inputs)[name]) <= TOLERANCE


@pytest.mark.parametrize("sizes", [(1, 1), (9, 14), (3, 2), (82, 94)])
def test_upsampling_like_another_is_torch_s(sizes: tuple[int, int]) -> None:
    image = torch.from_numpy(random_array(3, 4, 5))
    reference = torch.ones(2, 1, *sizes)
    made = UpsampleLike("bilinear")(image, reference)
    assert torch.equal(made, torch.nn.functional.interpolate(image, sizes, mode="bilinear"))
    rows, columns = (
        [step * size // wanted for step in range(wanted)]
        for size, wanted in zip((4, 5), sizes, strict=True)
    )
    assert torch.equal(UpsampleLike("nearest")(image, reference), image[:, :, rows][..., columns])
