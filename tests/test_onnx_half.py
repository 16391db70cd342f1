"""Models in half precision."""

from __future__ import annotations

from collections import Counter

import numpy as np
import onnx
import pytest
import torch
from execution import Arrays, balanced_weights, difference, random_inputs, run_torch
from onnx import TensorProto, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnxruntime import InferenceSession
from shipped import checked
from test_spec_execution import SMALL

from archspec.backends.onnx import PASSES_BY_DEFAULT, model_of, passes_without
from archspec.backends.onnx.effect import difference as logit_difference
from archspec.backends.onnx.half import half
from archspec.backends.onnx.rounding import rounded
from archspec.backends.torch import build
from archspec.frontend import compile_text

SIZES = {"batch": 2, "H": 188, "W": 191, "T": 7}
NETWORKS = ("lenet5", "lstm", "mobilenet_v2", "resnet", "siamese", "unet")


def _run(model: onnx.ModelProto, inputs: Arrays) -> list[np.ndarray]:
    onnx.checker.check_model(model, full_check=True)
    return list(InferenceSession(model.SerializeToString()).run(None, dict(inputs)))


@pytest.mark.parametrize("name", NETWORKS)
def test_it_is_half_the_size_and_computes_the_same_up_to_rounding(name: str) -> None:
    graph = checked(name, settings=SMALL.get(name))[0].graph
    weights, inputs = balanced_weights(graph), random_inputs(graph, SIZES)
    model = model_of(graph, weights, metadata={"archspec.name": name})
    before = model.SerializeToString(deterministic=True)
    made = half(model)
    assert model.SerializeToString(deterministic=True) == before
    assert made.metadata_props == model.metadata_props
    assert made.graph.input == model.graph.input
    assert made.graph.output == model.graph.output
    counts = Counter(tensor.data_type for tensor in made.graph.initializer)
    assert counts[TensorProto.FLOAT16] > 0
    assert counts[TensorProto.FLOAT] == 0
    for expected, given in zip(
        run_torch(graph, weights, inputs).values(), _run(made, inputs), strict=True
    ):
        assert given.dtype == np.float32
        assert 0 < difference(expected, given) <= 5e-3


def test_sums_of_squares_stay_in_single_precision() -> None:
    spec = (
        "name: a\ninputs: {x: [3, 4, 4]}\nlayers: [local_response_norm: {size: 3, alpha: 0.01}]\n"
    )
    model = half(model_of(compile_text(spec, "a.yaml").graph, {}, metadata={}))
    onnx.checker.check_model(model, full_check=True)
    # ONNX's own evaluator computes in the type that the model says, unlike ONNX Runtime here.
    inputs = {"x": np.full((3, 3, 4, 4), 300, np.float32)}
    made = np.asarray(next(iter(ReferenceEvaluator(model).run(None, inputs))))
    (expected,) = run_torch(compile_text(spec, "a.yaml").graph, {}, inputs).values()
    assert difference(expected, made) <= 1e-3


CANCELLING = """\
name: cancelling
inputs: {x: [2]}
layers:
- linear: {name: sums, out_features: 2, bias: false}
- linear: {name: difference, out_features: 1, bias: false}
"""
"""A network that makes `(x0 + x1) - x0`."""

CANCEL = {"sums.weight": np.array([[1, 1], [1, 0]], np.float32),
          "difference.weight": np.array([[1, -1]], np.float32)}  # fmt: skip


def test_every_result_is_rounded_as_hardware_does() -> None:
    # Between 2048 and 4096 numbers in half precision are 2 apart; what is halfway becomes even.
    half_model = half(model_of(compile_text(CANCELLING, "a").graph, CANCEL, metadata={}))
    inputs = {"x": np.array([[2048, 1], [2048, 3], [1024, 1]], np.float32)}
    (made,) = _run(rounded(half_model), inputs)
    assert made.ravel().tolist() == [0, 4, 1]
    by_onnx = [*ReferenceEvaluator(half_model).run(None, dict(inputs))]
    assert np.array_equal(made, np.asarray(by_onnx[0]))
    (exact,) = _run(half_model, inputs)
    assert exact.ravel().tolist() == [1, 3, 1]  # or nothing would have to be rounded


@pytest.mark.parametrize("name", ["lenet5", "lstm", "mobilenet_v2", "unet"])
def test_rounding_costs_what_it_costs_in_pytorch(name: str) -> None:
    graph = checked(name, settings=SMALL.get(name))[0].graph
    weights, inputs = balanced_weights(graph), random_inputs(graph, SIZES)
    network = build(graph).eval()
    network.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
    tensors = {name: torch.from_numpy(array) for name, array in inputs.items()}
    with torch.no_grad():
        expected = network(**tensors)
        halves = {k: v.half() if v.is_floating_point() else v for k, v in tensors.items()}
        in_torch = network.half()(**halves).float()
    made = _run(rounded(half(model_of(graph, weights, metadata={}))), inputs)[0]
    ours, theirs = (
        difference(expected.numpy(), made),
        difference(expected.numpy(), in_torch.numpy()),
    )
    assert 1 / 3 < ours / theirs < 3


def test_squares_of_neighbours_and_values_read_twice_are_converted_once() -> None:
    spec = """\
name: twice
inputs: {x: [3, 4, 4]}
layers:
- conv2d: {name: first, out_channels: 4, kernel_size: 1}
- local_response_norm: {name: one, size: 3, beta: 0.5, from: first}
- local_response_norm: {name: two, size: 3, from: first}
- add: [one, two]
"""
    graph = compile_text(spec, "a.yaml").graph
    weights, inputs = balanced_weights(graph), random_inputs(graph, {"batch": 2})
    for passes in (PASSES_BY_DEFAULT, passes_without(["expand_lrn"])):
        made = half(model_of(graph, weights, metadata={}, passes=passes))
        casts = [node.name for node in made.graph.node if node.op_type == "Cast"]
        # Into half precision, back for both norms, back into it from each, and the output's.
        assert len(casts) == len({*casts}) == 5
        (expected,) = run_torch(graph, weights, inputs).values()
        assert difference(expected, _run(made, inputs)[0]) <= 5e-3


def test_weights_beyond_half_precision_become_its_largest() -> None:
    graph = compile_text("name: a\ninputs: {x: [2]}\nlayers: [linear: 1]\n", "a.yaml").graph
    weights = {"linear.weight": np.array([[1e6, 0.5]], np.float32),
               "linear.bias": np.array([-1e6], np.float32)}  # fmt: skip
    made = half(model_of(graph, weights, metadata={})).graph.initializer
    held = {tensor.name: numpy_helper.to_array(tensor).ravel().tolist() for tensor in made}
    assert held == {"linear.weight": [65504, 0.5], "linear.bias": [-65504]}


def test_logits_are_compared_not_probabilities() -> None:
    spec = "name: a\ninputs: {x: [4]}\nlayers: [linear: 3, softmax]\n"
    graph = compile_text(spec, "a.yaml").graph
    weights = {"linear.weight": np.eye(3, 4, dtype=np.float32),
               "linear.bias": np.zeros(3, np.float32)}  # fmt: skip
    changed = weights | {"linear.bias": np.array([0, 0, 1], np.float32)}
    before, after = (model_of(graph, each, metadata={}) for each in (weights, changed))
    batches = [{"x": np.full((2, 4), value, np.float32)} for value in (1, -50)]
    # The logits are x, -50 at the most; one of them is larger by 1.
    assert logit_difference(before, after, batches) == pytest.approx(1 / 50)
    assert logit_difference(before, before, batches) == 0
    halved = half(before)
    assert logit_difference(before, halved, batches) == 0  # whole numbers are exact
