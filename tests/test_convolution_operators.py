"""Convolutions against Keras, SciPy and the papers; the laws of all operators are elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

import numpy as np
import pytest
import torch
from execution import difference, run_torch
from pydantic import ValidationError
from scipy import ndimage
from sklearn.datasets import load_sample_image

from archspec.backends.torch import build
from archspec.backends.weights import initial_weights
from archspec.diagnostics import Span
from archspec.ir.dim import Dim
from archspec.ir.graph import Graph
from archspec.ir.op import Operator, OperatorError
from archspec.ir.totals import totals
from archspec.ir.types import TensorType
from archspec.ops.base.depthwise_convolution import DepthwiseConvolution
from archspec.ops.base.kernel import KernelOperator
from archspec.ops.base.picture_filters import FilterName
from archspec.ops.conv1d import Conv1d
from archspec.ops.conv2d import Conv2d
from archspec.ops.conv3d import Conv3d
from archspec.ops.conv_transpose1d import ConvTranspose1d
from archspec.ops.conv_transpose2d import ConvTranspose2d
from archspec.ops.conv_transpose3d import ConvTranspose3d
from archspec.ops.depthwise_conv1d import DepthwiseConv1d
from archspec.ops.depthwise_conv2d import DepthwiseConv2d
from archspec.ops.filter2d import Filter2d
from archspec.ops.rbf import RBF
from archspec.ops.separable_conv1d import SeparableConv1d
from archspec.ops.separable_conv2d import SeparableConv2d

TOLERANCE = 1e-5
CHANNELS = 4
SIZES = {1: (11,), 2: (11, 8), 3: (7, 6, 5)}
KERNELS: tuple[type[KernelOperator], ...] = (
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
    DepthwiseConv1d,
    DepthwiseConv2d,
    SeparableConv1d,
    SeparableConv2d,
)


def graph_of(op: Operator, *shape: int | Dim) -> Graph:
    graph = Graph("example")
    value = graph.add_input("x", TensorType.of_example(shape))
    made = graph.add("node", op, [value], span=Span("example"))
    graph.outputs = {"y": made[0]}
    return graph


def in_keras(
    name: str, arguments: Mapping[str, Any], x: np.ndarray
) -> tuple[list[np.ndarray], np.ndarray]:
    """Returns random weights of a Keras layer and what it makes of `[N, C, sizes]`."""
    import keras

    layer = getattr(keras.layers, name)(**arguments, data_format="channels_last")
    layer.build(np.moveaxis(x, 1, -1).shape)
    generator = np.random.default_rng(5)
    weights = [generator.normal(size=w.shape).astype(np.float32) for w in layer.weights]
    layer.set_weights(weights)
    made = layer(torch.from_numpy(x).movedim(1, -1)).movedim(-1, 1)
    return weights, made.numpy(force=True)


def in_torch(kernel: np.ndarray, *, depthwise: bool) -> np.ndarray:
    """Returns a Keras kernel, its channels last, in torch's layout."""
    if not depthwise:
        return np.moveaxis(kernel, (-1, -2), (0, 1))
    moved = np.moveaxis(kernel, (-2, -1), (0, 1))
    return moved.reshape(-1, 1, *moved.shape[2:])


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("Conv1D", {"filters": 3, "kernel_size": 4, "padding": "same"}),
        ("Conv1D", {"filters": 3, "kernel_size": 2, "strides": 3, "padding": "same"}),
        ("Conv2D", {"filters": 3, "kernel_size": (3, 4), "padding": "same"}),
        ("Conv2D", {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}),
        ("Conv2D", {"filters": 3, "kernel_size": (2, 5), "strides": (3, 2), "padding": "same"}),
        ("Conv2D", {"filters": 3, "kernel_size": 1, "strides": 2, "padding": "same"}),
        ("Conv2D", {"filters": 3, "kernel_size": (4, 3), "dilation_rate": 2, "padding": "same"}),
        ("Conv2D", {"filters": 6, "kernel_size": 3, "strides": 2, "padding": "valid", "groups": 2}),
        ("Conv2D", {"filters": 3, "kernel_size": 3, "use_bias": False, "padding": "same"}),
        ("Conv3D", {"filters": 3, "kernel_size": (2, 3, 1), "strides": 2, "padding": "same"}),
        ("Conv1DTranspose", {"filters": 3, "kernel_size": 2, "strides": 2, "padding": "valid"}),
        ("Conv1DTranspose", {"filters": 3, "kernel_size": 2, "strides": 3, "padding": "valid"}),
        ("Conv2DTranspose", {"filters": 3, "kernel_size": 4, "strides": 2, "padding": "same"}),
        ("Conv2DTranspose", {"filters": 3, "kernel_size": 2, "strides": 3, "padding": "same"}),
        ("Conv2DTranspose", {"filters": 3, "kernel_size": (3, 5), "padding": "same"}),
        ("Conv3DTranspose", {"filters": 3, "kernel_size": 2, "strides": 2, "padding": "same"}),
        ("DepthwiseConv1D", {"kernel_size": 3, "strides": 2, "padding": "same"}),
        ("DepthwiseConv2D", {"kernel_size": (2, 3), "depth_multiplier": 3, "padding": "same"}),
        ("DepthwiseConv2D", {"kernel_size": 3, "dilation_rate": 2, "padding": "valid"}),
        ("SeparableConv1D", {"filters": 3, "kernel_size": 4, "strides": 2, "padding": "same"}),
        (
            "SeparableConv2D",
            {
                "filters": 3,
                "kernel_size": 3,
                "strides": 2,
                "padding": "same",
                "depth_multiplier": 2,
            },
        ),
    ],
)
def test_keras_computes_the_same(name: str, arguments: Mapping[str, Any]) -> None:
    (kind,) = (kind for kind in KERNELS if name in kind.keras_names)
    op = kind.model_validate({kind.keras_fields.get(k, k): v for k, v in arguments.items()})
    graph = graph_of(op, CHANNELS, *SIZES[op.axes])
    x = np.random.default_rng(4).normal(size=(2, CHANNELS, *SIZES[op.axes])).astype(np.float32)
    given, expected = in_keras(name, arguments, x)
    names = [f"{node.path}.{param}" for node in graph.nodes for param in node.parameters()]
    weights = {
        name: in_torch(w, depthwise=issubclass(kind, DepthwiseConvolution) or "depthwise" in name)
        if w.ndim > 1
        else w
        for name, w in zip(names, given, strict=True)
    }
    made = run_torch(graph, weights, {"x": x})["y"]
    assert difference(expected, made) <= TOLERANCE


@pytest.mark.parametrize(
    ("kernel", "stride"), [((3, 3), (2, 2)), ((5, 4), (2, 1)), ((2, 6), (3, 3)), ((1, 7), (2, 4))]
)
def test_same_transposed_is_the_gradient_of_the_same_convolution(
    kernel: tuple[int, int], stride: tuple[int, int]
) -> None:
    fields = {"kernel_size": kernel, "stride": stride, "padding": "same", "bias": False}
    back = build(graph_of(ConvTranspose2d.model_validate({"out_channels": 3, **fields}), 2, 5, 4))
    large = torch.zeros(2, 3, 5 * stride[0], 4 * stride[1], requires_grad=True)
    forth = build(graph_of(Conv2d.model_validate({"out_channels": 2, **fields}), *large.shape[1:]))
    forth.load_state_dict(back.state_dict())
    x = torch.randn(2, 2, 5, 4)
    (gradient,) = torch.autograd.grad((forth(large) * x).sum(), large)
    torch.testing.assert_close(back(x), gradient)


@pytest.mark.parametrize("mode", ["reflect", "circular", "replicate"])
@pytest.mark.parametrize("size", range(1, 5))
@pytest.mark.parametrize("padding", range(5))
def test_too_much_padding_is_refused_where_torch_fails(mode: str, size: int, padding: int) -> None:
    fields = {"kernel_size": 1, "padding": padding, "padding_mode": mode}
    op = Conv1d.model_validate({"out_channels": 1, **fields})
    network = torch.nn.Conv1d(1, 1, **fields)  # type: ignore[arg-type]
    try:
        network(torch.zeros(1, 1, size))
    except RuntimeError:
        with pytest.raises(OperatorError, match=f"padding_mode: {mode} with padding {padding} "):
            graph_of(op, 1, size)
    else:
        assert graph_of(op, 1, size).outputs["y"].type.example == (1, size + 2 * padding)


@pytest.mark.parametrize(
    ("op", "text"),
    [
        (Conv2d(out_channels=1, kernel_size=3, padding="same"), "H"),
        (Conv2d(out_channels=1, kernel_size=3, padding="same", stride=2), "(H + 1) // 2"),
        (ConvTranspose2d(out_channels=1, kernel_size=3, padding="same", stride=2), "2*H"),
        (ConvTranspose2d(out_channels=1, kernel_size=2, stride=2), "2*H"),
        (DepthwiseConv2d(kernel_size=5, padding="same", stride=4), "(H + 3) // 4"),
        (Filter2d(kernel="sharpen"), "H - 2"),
    ],
)
def test_symbolic_sizes_read_well(op: Operator, text: str) -> None:
    assert str(graph_of(op, 1, Dim.of("H"), Dim.of("W")).outputs["y"].type.example[1]) == text


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        (Conv2d, {"kernel_size": (3, 3, 3)}, "kernel_size takes one size or 2 of them, not 3"),
        (Conv1d, {"kernel_size": 3, "padding": ()}, "padding takes one size, not 0"),
        (
            Conv2d,
            {"kernel_size": 3, "padding": "same", "stride": (1, 2), "dilation": 2},
            "padding: same takes a stride or a dilation, not both",
        ),
        (
            Conv2d,
            {"kernel_size": 3, "padding": "same", "stride": 2, "padding_mode": "reflect"},
            "padding: same with a stride takes padding_mode: zeros",
        ),
        (
            ConvTranspose2d,
            {"kernel_size": 3, "stride": (2, 3), "output_padding": 2},
            "output_padding 2 must be less than stride 2",
        ),
        (
            ConvTranspose1d,
            {"kernel_size": 3, "stride": 2, "output_padding": 1, "padding": "same"},
            "padding: same decides the size, without output_padding",
        ),
    ],
)
def test_what_cannot_be_is_refused(
    kind: type[Operator], fields: Mapping[str, object], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        kind.model_validate({"out_channels": 4, **fields})


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (((1, 2), (3,)), "the rows of kernel must be equally long"),
        ((), "at least 1 item"),
        (((),), "at least 1 item"),
        ("sharpn", "'sharpen'"),
    ],
)
def test_a_filter_is_a_name_or_a_rectangle(kernel: object, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Filter2d.model_validate({"kernel": kernel})


@pytest.mark.parametrize("op", [ConvTranspose2d, Conv2d])
def test_groups_divide_both_channels(op: type[Operator]) -> None:
    for into, out in ((3, 4), (4, 3)):
        fields = {"out_channels": out, "kernel_size": 1, "groups": 2}
        with pytest.raises(OperatorError, match=r"3 .*channels cannot be divided into groups: 2"):
            graph_of(op.model_validate(fields), into, 5, 5)


PICTURE: np.ndarray = np.moveaxis(load_sample_image("china.jpg")[::8, ::8] / np.float32(255), -1, 0)
"""A photograph of 3×54×80."""


def filtered(op: Operator) -> np.ndarray:
    """Returns what an operator, as it is initialised, makes of the photograph."""
    graph = graph_of(op, *PICTURE.shape)
    made = run_torch(graph, initial_weights(graph, seed=0), {"x": PICTURE[None]})["y"]
    return made.squeeze(0)


def each_channel(function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    return np.stack([function(channel) for channel in PICTURE])


def smoothed(picture: np.ndarray) -> np.ndarray:
    """Returns the picture blurred by 1, 2, 1 along both axes."""
    for axis in (0, 1):
        picture = ndimage.correlate1d(picture, [0.25, 0.5, 0.25], axis, mode="nearest")
    return picture


NAMED: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "identity": lambda p: p,
    "sharpen": lambda p: p - ndimage.laplace(p, mode="nearest"),
    "box_blur": lambda p: ndimage.uniform_filter(p, 3, mode="nearest"),
    "gaussian_blur": smoothed,
    "outline": lambda p: 9 * (p - ndimage.uniform_filter(p, 3, mode="nearest")),
    "laplacian": lambda p: ndimage.laplace(p, mode="nearest"),
    "sobel_x": lambda p: ndimage.sobel(p, 1, mode="nearest"),
    "sobel_y": lambda p: ndimage.sobel(p, 0, mode="nearest"),
    "prewitt_x": lambda p: ndimage.prewitt(p, 1, mode="nearest"),
    "prewitt_y": lambda p: ndimage.prewitt(p, 0, mode="nearest"),
    "emboss": lambda p: ndimage.correlate(p, [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]], mode="nearest"),
}


@pytest.mark.parametrize("name", get_args(FilterName))
def test_named_filters_do_what_scipy_s_do(name: str) -> None:
    op = Filter2d.model_validate({"kernel": name, "padding": "same", "padding_mode": "replicate"})
    assert difference(each_channel(NAMED[name]), filtered(op)) <= TOLERANCE


@pytest.mark.parametrize(
    ("mode", "scipy_s"),
    [("zeros", "constant"), ("reflect", "mirror"), ("replicate", "nearest"), ("circular", "wrap")],
)
def test_padding_modes_are_scipy_s(mode: str, scipy_s: str) -> None:
    rows = ((0.5, -1, 2), (0, 3, 1), (1, 0, -2))
    op = Filter2d.model_validate({"kernel": rows, "padding": "same", "padding_mode": mode})
    expected = each_channel(lambda p: ndimage.correlate(p, np.array(rows), mode=scipy_s))
    assert difference(expected, filtered(op)) <= TOLERANCE


def test_a_filter_is_counted_but_not_trained() -> None:
    made = totals(graph_of(Filter2d(kernel="sharpen", padding="same"), 3, 10, 12))
    assert (made.params, made.trainable) == (3 * 9, 0)
    assert made.macs == 3 * 9 * 10 * 12


def test_lenet_s_output_layer_is_counted_as_in_the_paper() -> None:
    made = totals(graph_of(RBF(out_features=10), 84))
    assert (made.params, made.trainable, made.macs) == (840, 0, 840)


def test_rbf_measures_squared_distances_to_given_signs() -> None:
    graph = graph_of(RBF(out_features=10), 84)
    weights = initial_weights(graph, seed=0)
    signs = weights["node.weight"]
    assert np.unique(signs).tolist() == [-1, 1]
    assert len(np.unique(signs, axis=0)) == 10
    assert np.array_equal(initial_weights(graph, seed=1)["node.weight"], signs)
    made = run_torch(graph, weights, {"x": signs[[3, 7]]})["y"]
    # Two vectors of signs are 4 apart for each sign that differs.
    expected = [[4 * (w != x).sum() for w in signs] for x in signs[[3, 7]]]
    np.testing.assert_allclose(made, expected)
