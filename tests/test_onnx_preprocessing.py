"""Preprocessing within a model: what it computes is what training does, from photographs on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import onnx
import pytest
import torch
from execution import balanced_weights, difference, run_torch
from onnx import numpy_helper
from onnxruntime import InferenceSession
from sklearn.datasets import load_sample_images

from archspec.backends.fitted_step import FittedStep, unlearnt
from archspec.backends.onnx import model_of
from archspec.backends.onnx.half import half
from archspec.backends.onnx.preprocessing import PreprocessingError, embed_preprocessing
from archspec.frontend import compile_text
from archspec.frontend.train_schema import Step
from archspec.ir.graph import Graph
from archspec.training.preprocessing import apply, fitted

Layout = Literal["nchw", "nhwc"]

SPEC = """\
name: small
inputs: {image: [3, 24, 20]}
layers: [conv2d: {out_channels: 4, kernel_size: 3}, relu, flatten, linear: 5]
"""
NORMALIZE = {"normalize": {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}}
RESCALE = {"rescale": 1 / 255}


def _steps(*written: dict[str, Any]) -> tuple[FittedStep, ...]:
    return unlearnt(Step.model_validate(step) for step in written)


def _resize(height: int, width: int, how: str = "bilinear") -> dict[str, Any]:
    return {"resize": {"size": [height, width], "interpolation": how}}


def _graph(spec: str = SPEC) -> Graph:
    return compile_text(spec, "small.yaml").graph


def _model(spec: str = SPEC, **metadata: str) -> onnx.ModelProto:
    graph = _graph(spec)
    return model_of(graph, balanced_weights(graph), metadata=metadata)


def _identity(height: int, width: int) -> onnx.ModelProto:
    return _model(
        f"name: same\ninputs: {{image: [3, {height}, {width}]}}\nlayers: [{{identity: {{}}}}]\n"
    )


def _photographs(height: int, width: int) -> np.ndarray:
    """Returns two photographs, cut to a size, with their channels last."""
    return np.stack([image[:height, :width] for image in load_sample_images().images])


def _prepared(images: np.ndarray, steps: Sequence[FittedStep]) -> np.ndarray:
    """Returns images that have their channels last as training prepares them."""
    tensor = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()
    return apply(tensor.float(), steps).numpy()


def _run(model: onnx.ModelProto, images: np.ndarray) -> np.ndarray:
    onnx.checker.check_model(model, full_check=True)
    (made,) = InferenceSession(model.SerializeToString()).run(None, {"image": images})
    return np.asarray(made)


def _in(layout: Layout, images: np.ndarray) -> np.ndarray:
    return images if layout == "nhwc" else np.ascontiguousarray(images.transpose(0, 3, 1, 2))


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("how", ["bilinear", "bicubic", "nearest"])
@pytest.mark.parametrize("size", [(427, 640), (301, 233), (24, 20), (11, 13)])
def test_a_network_sees_photographs_as_in_training(
    size: tuple[int, int], how: str, layout: Layout
) -> None:
    images, graph = _photographs(*size), _graph()
    steps = _steps(RESCALE, _resize(24, 20, how), NORMALIZE)
    (expected,) = run_torch(
        graph, balanced_weights(graph), {"image": _prepared(images, steps)}
    ).values()
    given = _run(embed_preprocessing(_model(), steps, layout=layout), _in(layout, images))
    assert difference(expected, given) <= 1e-5
    assert difference(given[:1], given[1:]) > 0.1


def test_the_nearest_pixel_is_torch_s_where_two_are_equally_near() -> None:
    # ONNX Runtime's own `Resize` takes others for some of these.
    steps, generator = _steps(_resize(1, 7, "nearest")), np.random.default_rng(0)
    model = embed_preprocessing(_identity(1, 7), steps, layout="nhwc")
    for width in (*range(1, 70), 640, 1920):
        images = generator.integers(0, 256, (1, 60, width, 3), np.uint8)
        assert np.array_equal(_run(model, images), _prepared(images, steps))


@pytest.mark.parametrize("steps", [(), (RESCALE,), (NORMALIZE, RESCALE)])
def test_without_a_resize_the_numbers_are_exactly_those_of_training(
    steps: tuple[dict[str, Any], ...],
) -> None:
    images, written = _photographs(24, 20), _steps(*steps)
    model = embed_preprocessing(_identity(24, 20), written, layout="nhwc")
    assert np.array_equal(_run(model, images), _prepared(images, written))


def _learnt(channels: int, *written: object) -> tuple[FittedStep, ...]:
    """Returns steps fitted to pieces of photographs with as many channels."""
    photos = torch.from_numpy(_photographs(240, 200)).permute(0, 3, 1, 2).float()
    pieces = photos.unfold(2, 24, 24).unfold(3, 20, 20).permute(0, 2, 3, 1, 4, 5)
    images = pieces.reshape(-1, 3, 24, 20)
    given = torch.cat([images, images.mean(1, keepdim=True)], 1)[:, :channels]
    return fitted([Step.model_validate(step) for step in written], lambda: [given])


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize(
    ("channels", "written"),
    [
        (3, ["standardize"]),
        (3, [{"standardize": {"center": False}}]),
        (3, [RESCALE, {"standardize": "samplewise"}]),
        (3, [{"standardize": {"by": "samplewise", "scale": False}}]),
        (3, [{"standardize": {"by": "samplewise", "center": False}}]),
        (3, [RESCALE, _resize(24, 20), "standardize", {"whiten": {"epsilon": 0.1}}]),
        (1, [{"color_mode": "rgb"}, RESCALE]),
        (3, [{"color_mode": "rgb"}, RESCALE]),
        (4, [{"color_mode": "rgb"}, RESCALE, "standardize"]),
    ],
)
def test_what_was_learnt_is_part_of_the_model(
    channels: int, written: list[object], layout: Layout
) -> None:
    steps = _learnt(channels, *written)
    photos = _photographs(48, 40) if len(written) > 3 else _photographs(24, 20)
    images = np.concatenate([photos, photos[..., :1]], axis=3)[..., :channels]
    model = embed_preprocessing(_identity(24, 20), steps, layout=layout)
    expected, given = _prepared(images, steps), _run(model, _in(layout, images))
    assert np.abs(given - expected).max() <= 2e-5 * max(1, np.abs(expected).max())
    assert expected.shape == (2, 3, 24, 20)


@pytest.mark.parametrize("given", [1, 3, 4])
@pytest.mark.parametrize(("mode", "wanted"), [("grayscale", 1), ("rgb", 3), ("rgba", 4)])
def test_colours_are_those_of_training(given: int, mode: str, wanted: int) -> None:
    steps = _learnt(given, {"color_mode": mode})
    photos = _photographs(24, 20)
    images = np.concatenate([photos, photos[..., 1:2]], axis=3)[..., :given]
    spec = f"name: same\ninputs: {{image: [{wanted}, 24, 20]}}\nlayers: [{{identity: {{}}}}]\n"
    made = _run(embed_preprocessing(_model(spec), steps, layout="nhwc"), images)
    np.testing.assert_allclose(made, _prepared(images, steps), rtol=1e-6)
    assert made.shape[1] == wanted


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (unlearnt([Step.model_validate("whiten")]), "what `whiten` learnt from the training"),
        (_learnt(1, "standardize"), "`standardize` has learnt from examples of 1 channels"),
        (_learnt(1, "whiten"), "`whiten` has learnt from examples of 480 values"),
    ],
)
def test_what_was_learnt_elsewhere_is_refused(steps: tuple[FittedStep, ...], message: str) -> None:
    with pytest.raises(PreprocessingError) as error:
        embed_preprocessing(_model(), steps)
    assert message in error.value.message
    assert error.value.help


@pytest.mark.parametrize(
    ("layout", "steps", "expected"),
    [
        ("nchw", [RESCALE], ["batch", 3, 24, 20]),
        ("nhwc", [RESCALE], ["batch", 24, 20, 3]),
        ("nchw", [_resize(24, 20)], ["batch", 3, "image.height", "image.width"]),
        ("nhwc", [_resize(24, 20)], ["batch", "image.height", "image.width", 3]),
    ],
)
def test_the_input_takes_bytes_in_the_layout_asked_for(
    layout: Layout, steps: list[dict[str, Any]], expected: list[str | int]
) -> None:
    (info,) = embed_preprocessing(_model(), _steps(*steps), layout=layout).graph.input
    given = info.type.tensor_type
    assert (info.name, given.elem_type) == ("image", onnx.TensorProto.UINT8)
    assert [dim.dim_param or dim.dim_value for dim in given.shape.dim] == expected


def test_metadata_say_that_nothing_is_left_to_do() -> None:
    before = {"archspec.name": "small", "archspec.preprocess": '[{"rescale": 0.5}]'}
    made = embed_preprocessing(_model(**before), _steps(RESCALE), layout="nhwc")
    assert {entry.key: entry.value for entry in made.metadata_props} == {
        "archspec.name": "small",
        "archspec.preprocess": "[]",
        "archspec.layout": "nhwc",
    }


def test_the_model_is_left_as_it_is_and_its_names_are_kept() -> None:
    model = _model()
    before = model.SerializeToString(deterministic=True)
    made = embed_preprocessing(model, _steps(RESCALE, NORMALIZE)).graph
    assert model.SerializeToString(deterministic=True) == before
    names = [node.name for node in made.node]
    assert names[-len(model.graph.node) :] == [node.name for node in model.graph.node]
    assert names[0] == "image.Cast"
    assert len(set(names)) == len(names)
    kept = {tensor.name: numpy_helper.to_array(tensor) for tensor in made.initializer}
    for tensor in model.graph.initializer:
        assert np.array_equal(kept[tensor.name], numpy_helper.to_array(tensor))


def test_a_model_in_half_precision_takes_bytes_too() -> None:
    images, steps = _photographs(24, 20), _steps(RESCALE, NORMALIZE)
    expected = _run(embed_preprocessing(_model(), steps, layout="nhwc"), images)
    given = _run(embed_preprocessing(half(_model()), steps, layout="nhwc"), images)
    assert 0 < difference(expected, given) <= 5e-3


@pytest.mark.parametrize(
    ("spec", "steps", "message"),
    [
        (SPEC, [_resize(24, 24)], "preprocessing makes 3×24×24, but the network takes image: 3×24"),
        (
            SPEC,
            [{"normalize": {"mean": [0.5, 0.5], "std": [1]}}],
            "`normalize` has 2 values for mean",
        ),
        ("name: a\ninputs: {x: [4]}\nlayers: [linear: 2]\n", [RESCALE], "takes x: 4 of float32"),
        (
            "name: a\ninputs: {a: [1, 4, 4], b: [1, 4, 4]}\nlayers: [add: [a, b]]\n",
            [RESCALE],
            "the network takes a, b, but preprocessing is of one input",
        ),
    ],
)
def test_what_does_not_fit_is_refused(spec: str, steps: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(PreprocessingError) as error:
        embed_preprocessing(_model(spec), _steps(*steps))
    assert message in error.value.message
    assert error.value.help
