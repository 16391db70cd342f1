"""The last check of files that were made smaller, or take images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from execution import balanced_weights, random_inputs
from onnx import TensorProto, helper, numpy_helper

from archspec.backends.comparison import NotProvedError
from archspec.backends.finished import Given, check_finished
from archspec.backends.onnx import model_of
from archspec.backends.onnx_file import WrongModelError
from archspec.cli.finished import image_inputs, plain_inputs
from archspec.frontend import compile_text

SPEC = """\
name: net
inputs: {image: [2, H, 6]}
layers: [conv2d: {out_channels: 3, kernel_size: 3}, relu, global_avg_pool2d, linear: 4]
"""
GRAPH = compile_text(SPEC, "net.yaml").graph
MODEL = model_of(GRAPH, balanced_weights(GRAPH), metadata={})


def checked(folder: Path, change: Callable[[onnx.GraphProto], object], limit: float) -> float:
    model = onnx.ModelProto()
    model.CopyFrom(MODEL)
    change(model.graph)
    (folder / "net.onnx").write_bytes(model.SerializeToString())
    return check_finished(GRAPH, folder / "net.onnx", MODEL, plain_inputs(GRAPH), limit)


def _changed(graph: onnx.GraphProto, change: Callable[[np.ndarray], np.ndarray]) -> None:
    (bias,) = [tensor for tensor in graph.initializer if tensor.name == "linear.bias"]
    bias.CopyFrom(numpy_helper.from_array(change(numpy_helper.to_array(bias)), bias.name))


def _nothing(_: onnx.GraphProto) -> None:
    pass


def _a_little_more(graph: onnx.GraphProto) -> None:
    _changed(graph, lambda bias: bias + np.float32(0.01))


def _no_number(graph: onnx.GraphProto) -> None:
    _changed(graph, lambda bias: bias * np.float32(np.nan))


def _constant(graph: onnx.GraphProto) -> None:
    graph.initializer.append(numpy_helper.from_array(np.zeros((), np.float32), "zero"))
    graph.node[-1].output[0] = "inner"
    graph.node.extend([helper.make_node("Mul", ["inner", "zero"], [graph.output[0].name])])


def _of_another_type(graph: onnx.GraphProto) -> None:
    result = graph.output[0]
    graph.node[-1].output[0] = "inner"
    cast = helper.make_node("Cast", ["inner"], [result.name], to=TensorProto.FLOAT16)
    graph.node.extend([cast])
    result.type.tensor_type.elem_type = TensorProto.FLOAT16


def _of_another_name(graph: onnx.GraphProto) -> None:
    graph.output[0].name = graph.node[-1].output[0] = "other"


def _no_model(graph: onnx.GraphProto) -> None:
    graph.node[-1].input[0] = "nowhere"


def _baked_batch(graph: onnx.GraphProto) -> None:
    graph.initializer.append(numpy_helper.from_array(np.array([1, 4]), "shape"))
    graph.node[-1].output[0] = "inner"
    graph.node.extend([helper.make_node("Reshape", ["inner", "shape"], [graph.output[0].name])])


def test_a_file_that_is_as_it_was_is_fine(tmp_path: Path) -> None:
    assert checked(tmp_path, _nothing, 0.0) == 0
    assert 1e-3 < checked(tmp_path, _a_little_more, 0.1) < 0.1


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            _a_little_more,
            NotProvedError,
            r"output `output` of .*net\.onnx differs by .* at batch 1",
        ),
        (_no_number, NotProvedError, "differs by nan"),
        (_constant, NotProvedError, "is the same whatever it is given"),
        (_of_another_type, NotProvedError, "is float16 .* but float32 .* in the spec"),
        (_of_another_name, WrongModelError, "makes other instead of output"),
        (_no_model, WrongModelError, "is no valid ONNX model"),
        (_baked_batch, WrongModelError, "ONNX Runtime cannot run"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_refused(
    change: Callable[[onnx.GraphProto], None], error: type[Exception], message: str, tmp_path: Path
) -> None:
    # What makes nothing of the input is as far off as it can be, but not too far here.
    limit = 1e-4 if change is _a_little_more else 10
    with pytest.raises(error, match=message):
        checked(tmp_path, change, limit)


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
def test_images_are_laid_out_as_the_model_says(layout: str) -> None:
    shape: Sequence[str | int] = ["batch", 2, "image.height", 6]
    if layout == "nhwc":
        shape = ["batch", "image.height", 6, 2]
    model = onnx.ModelProto()
    model.CopyFrom(MODEL)
    taken = helper.make_tensor_value_info("image", TensorProto.UINT8, shape)
    model.graph.input[0].CopyFrom(taken)
    for each, batch in zip(image_inputs(GRAPH, model, layout, np.negative), (1, 3), strict=True):
        images, expected = each.inputs["image"], each.expected["image"]
        assert images.dtype == np.uint8
        assert len(images) == batch
        first = images if layout == "nchw" else images.transpose(0, 3, 1, 2)
        assert np.array_equal(-first.astype(np.float32), expected)
        assert expected.shape[1::2] == (2, 6)
        assert len(np.unique(expected)) > 100


def test_every_size_is_tried_twice() -> None:
    given: list[Given] = plain_inputs(GRAPH)
    shapes: list[Mapping[str, int]] = [each.sizes for each in given]
    assert [sizes["batch"] for sizes in shapes] == [1, 3]
    assert shapes[0]["H"] != shapes[1]["H"]
    for each in given:
        assert each.inputs.keys() == random_inputs(GRAPH, each.sizes).keys()
