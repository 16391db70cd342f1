"""Normalisation and activations against Keras; what the operators of this family refuse."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from modules import Fields, module, operator, picture, trained
from pydantic import ValidationError

from archspec import ops
from archspec.ir.op import OperatorError
from archspec.ir.types import TensorType


@pytest.fixture(autouse=True)
def _same_numbers() -> None:
    torch.manual_seed(3)


@pytest.mark.parametrize(
    ("fields", "learnt"),
    [
        ({}, ("weight", "bias")),
        ({"scale": False}, ("bias",)),
        ({"center": False}, ("weight",)),
        ({"scale": False, "center": False}, ()),
        ({"affine": False}, ()),
    ],
)
def test_batch_norm_is_keras_s(fields: dict[str, Any], learnt: tuple[str, ...]) -> None:
    import keras

    inputs = torch.randn(6, 3, 4, 5) * 2 + 1
    ours = module("batch_norm", {"eps": 1e-3, **fields}, inputs[0])
    affine = dict.fromkeys(("scale", "center"), False) if "affine" in fields else fields
    theirs = keras.layers.BatchNormalization(axis=1, momentum=0.9, epsilon=1e-3, **affine)
    theirs.build(inputs.shape)
    assert tuple(name for name, _ in ours.named_parameters()) == learnt
    weights = [torch.rand(3) + 0.5 for _ in range(len(learnt) + 2)]
    with torch.no_grad():
        for tensor, value in zip([*ours.parameters(), *ours.buffers()], weights, strict=False):
            tensor.copy_(value)
    theirs.set_weights([weight.numpy() for weight in weights])
    for training in (False, True):
        ours.train(training)
        expected = theirs(inputs, training=training)
        torch.testing.assert_close(ours(inputs), expected, rtol=1e-4, atol=1e-5)
    # The variance is left out: torch's estimate of it is unbiased, Keras's is not.
    torch.testing.assert_close(ours.running_mean, theirs.moving_mean.value.data)
    ours(inputs.requires_grad_()).square().sum().backward()
    assert all(parameter.grad is not None for parameter in ours.parameters())


@pytest.mark.parametrize(
    ("kind", "fields", "layer", "arguments"),
    [
        ("layer_norm", {"eps": 1e-3}, "LayerNormalization", {}),
        ("layer_norm", {"eps": 1e-3, "dims": 2}, "LayerNormalization", {"axis": [2, 3]}),
        ("layer_norm", {"eps": 1e-3, "bias": False}, "LayerNormalization", {"center": False}),
        (
            "group_norm",
            {"eps": 1e-3, "num_groups": 2},
            "GroupNormalization",
            {"groups": 2, "axis": 1},
        ),
        ("rms_norm", {"eps": 1e-6}, "RMSNormalization", {}),
    ],
)
def test_normalisation_is_keras_s(
    kind: str, fields: Fields, layer: str, arguments: dict[str, Any]
) -> None:
    import keras

    inputs = torch.randn(2, 6, 4, 5) * 2 + 1
    ours = module(kind, fields, inputs[0])
    theirs = getattr(keras.layers, layer)(**arguments)
    theirs.build(inputs.shape)
    weights = [torch.rand(parameter.shape) + 0.5 for parameter in ours.parameters()]
    with torch.no_grad():
        for parameter, value in zip(ours.parameters(), weights, strict=True):
            parameter.copy_(value)
    theirs.set_weights([weight.numpy() for weight in weights])
    torch.testing.assert_close(ours(inputs), theirs(inputs), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("elu", "elu"),
        ("gelu", "gelu"),
        ("hardsigmoid", "hard_sigmoid"),
        ("hardswish", "hard_swish"),
        ("hardtanh", "hard_tanh"),
        ("identity", "linear"),
        ("log_sigmoid", "log_sigmoid"),
        ("log_softmax", "log_softmax"),
        ("mish", "mish"),
        ("relu", "relu"),
        ("relu6", "relu6"),
        ("selu", "selu"),
        ("sigmoid", "sigmoid"),
        ("silu", "silu"),
        ("softmax", "softmax"),
        ("softplus", "softplus"),
        ("softsign", "softsign"),
        ("tanh", "tanh"),
    ],
)
def test_activations_are_keras_s(kind: str, name: str) -> None:
    import keras

    inputs = torch.linspace(-8, 8, 60).reshape(4, 15)
    assert "Activation" in ops.find(kind).keras_names
    expected = getattr(keras.activations, name)(inputs)
    torch.testing.assert_close(trained(kind, {}, inputs), expected, rtol=1e-5, atol=1e-6)


def test_normalization_is_keras_s() -> None:
    import keras

    inputs = picture()[None]
    mean, std = (120.0, 110.0, 100.0), (60.0, 50.0, 40.0)
    variance = [s**2 for s in std]
    theirs = keras.layers.Normalization(axis=1, mean=list(mean), variance=variance)
    torch.testing.assert_close(
        trained("normalization", {"mean": mean, "std": std}, inputs), theirs(inputs)
    )


def test_grey_is_mostly_green() -> None:
    colours = torch.eye(3)[..., None, None]
    made = trained("grayscale", {"num_output_channels": 3}, colours)[..., 0, 0]
    torch.testing.assert_close(made, torch.tensor([0.2989, 0.587, 0.114])[:, None].expand(3, 3))


def test_prelu_begins_with_the_given_slope() -> None:
    inputs = torch.tensor([[-2.0, 4.0]])
    made = trained("prelu", {"num_parameters": "channels", "init": 0.1}, inputs)
    torch.testing.assert_close(made, torch.tensor([[-0.2, 4.0]]))


@pytest.mark.parametrize(
    ("kind", "fields", "shape", "message"),
    [
        ("batch_norm", {}, (), "takes one to four axes, but its input is 1"),
        ("instance_norm", {}, (3,), "takes two to four axes, but its input is 3"),
        ("instance_norm", {}, (3, 1, 1), "each channel of 3×1×1 is one value"),
        ("group_norm", {"num_groups": 4}, (6, 5, 5), "6 channels cannot be divided"),
        ("group_norm", {"num_groups": 6}, (6,), "each group of 6 is one value"),
        ("layer_norm", {"dims": 2}, (6,), "dims: 2 is more axes than there are in 6"),
        ("local_response_norm", {"size": 3}, (6,), "takes two axes or more"),
        ("prelu", {"num_parameters": 3}, (6, 5), "there are 3 weights, but the input is 6×5"),
        ("normalization", {"mean": 0.5, "std": (1.0, 2.0)}, (3, 5, 5), "std has 2 values"),
        ("grayscale", {}, (1, 5, 5), "takes an RGB image of 3 channels"),
        ("random_flip", {}, (5,), "takes an image"),
        ("random_crop", {"height": 9, "width": 2}, (3, 5, 5), "5 cannot be cropped to 9"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(
    kind: str, fields: Fields, shape: tuple[int, ...], message: str
) -> None:
    with pytest.raises(OperatorError, match=message) as refusal:
        operator(kind, fields).output(TensorType.of_example(shape))
    assert refusal.value.help


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        ("hardtanh", {"min_val": 1.0, "max_val": 0.5}, "max_val 0.5 is not above min_val 1.0"),
        ("normalization", {"mean": 0.0, "std": 0.0}, "greater than 0"),
        ("normalization", {"mean": (), "std": 1.0}, "at least 1 item"),
        ("random_rotation", {"factor": (0.2, 0.1)}, "the lower limit 0.2 is above"),
        ("random_rotation", {"factor": 36.0}, "less than or equal to 1"),
        ("random_brightness", {"factor": 0.1, "value_range": (1.0, 0.0)}, "the lower limit 1"),
        ("drop_path", {"p": 1.5}, "less than or equal to 1"),
        ("grayscale", {"num_output_channels": 2}, "1 or 3"),
    ],
)
def test_fields_that_make_no_sense_are_refused(kind: str, fields: Fields, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        operator(kind, fields)


@pytest.mark.parametrize("field", ["alpha", "beta", "k"])
def test_a_number_that_single_precision_makes_0_is_refused(field: str) -> None:
    with pytest.raises(ValidationError, match="1e-300 is too small for single precision"):
        ops.find("local_response_norm").model_validate({"size": 3, field: 1e-300})
