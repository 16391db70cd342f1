"""The shipped specs against Keras's own networks: the same weights give the same scores."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
import pytest
from execution import Arrays, difference, random_weights, run_torch

from archspec.frontend import compile_spec
from archspec.frontend.shipped import shipped_specs

IMAGE = (64, 57, 3)
"""An image with one side that always halves and one that does not."""

VISIBLE = 0.02
"""How much the scores of two images differ at least, or nothing would be compared."""


class Case(NamedTuple):
    """A network here and in Keras.

    Attributes:
        spec: The spec.
        variant: Its variant.
        settings: Its other settings.
        made: The function of `keras.src.applications` that makes it, after its module.
        options: The same settings for that function.
        named: Returns what Keras calls a layer; without it, the order of the layers tells.
        image: The size of the images, channels last.
    """

    spec: str
    variant: str | None
    settings: Mapping[str, str]
    made: str
    options: Mapping[str, object]
    named: Callable[[str], str] | None = None
    image: tuple[int, int, int] = IMAGE


def in_resnet(path: str) -> str:
    """Returns what Keras calls a layer of a ResNet."""
    kind = "bn" if path.endswith("batch_norm") else "conv"
    if not path.startswith("stage"):
        return "predictions" if path == "fc" else f"conv1_{kind}"
    stage, index, place = re.findall(r"stage(\d)\.(\d)\.(\w+)", path)[0]
    turn = {"shortcut": 0, "conv_bn": 1, "conv_bn_2": 2, "conv_bn_3": 3}[place]
    return f"conv{int(stage) + 1}_block{int(index) + 1}_{turn}_{kind}"


def in_resnet_v2(path: str) -> str:
    """Returns what Keras calls a layer of a ResNet V2."""
    if not path.startswith("stage"):
        return {"stem": "conv1_conv", "batch_norm": "post_bn", "fc": "predictions"}[path]
    stage, index, place = re.findall(r"stage(\d)\.(\d)\.(.+)", path)[0]
    named = {
        "batch_norm": "preact_bn",
        "projection.conv2d": "0_conv",
        "body.conv2d": "1_conv",
        "body.batch_norm": "1_bn",
        "body.conv2d_2": "2_conv",
        "body.batch_norm_2": "2_bn",
        "body.conv2d_3": "3_conv",
    }
    return f"conv{int(stage) + 1}_block{int(index) + 1}_{named[place]}"


CELLS = 2
"""Normal cells in each stage of the NASNets."""


def in_nasnet(path: str) -> str:
    """Returns what Keras calls a layer of a NASNet."""
    if "." not in path:
        return {"stem": "stem_conv1", "batch_norm": "stem_bn1"}.get(path, path)
    place, number, inside = re.findall(r"([a-z]+)([\d.]+)\.(.+)", path)[0]
    stage, _, index = number.partition(".")
    if place == "stage":
        id_ = str((int(stage) - 1) * CELLS + int(index) + (stage != "1"))
    else:
        id_ = f"stem_{stage}" if place == "stem" else f"reduce_{int(stage) * CELLS}"
    cell = "normal" if place == "stage" else "reduction"
    known = {
        "p.halve.even.conv2d": "adjust_conv_1",
        "p.halve.odd.conv2d": "adjust_conv_2",
        "p.halve.batch_norm": "adjust_bn",
        "p.project.conv2d": "adjust_conv_projection",
        "p.project.batch_norm": "adjust_bn",
        "h.conv2d": f"{cell}_conv_1",
        "h.batch_norm": f"{cell}_bn_1",
    }
    if inside in known:
        return f"{known[inside]}_{id_}"
    block, side, kind, second = re.findall(r"(y\d)\.([ab])\.sep\.([a-z]+)\w*?(_2)?$", inside)[0]
    # Keras calls the fourth and the fifth block of a reduction alike.
    block = {"reductiony5": "4"}.get(cell + block, block[1])
    name = f"separable_conv_{2 if second else 1}_{'bn_' if kind == 'batch' else ''}"
    return f"{name}{cell}_{'left' if side == 'a' else 'right'}{block}_{id_}"


def nasnet(*, skip: bool) -> Case:
    """Returns a small NASNet, wired as the mobile or the large one."""
    settings = {"stem": "8", "filters": "8", "cells": str(CELLS), "skip": str(skip).lower()}
    options = {"penultimate_filters": 192, "num_blocks": CELLS, "stem_block_filters": 8,
               "skip_reduction": skip, "filter_multiplier": 2, "default_size": 64}  # fmt: skip
    variant = "nasnet_large" if skip else "nasnet_mobile"
    return Case("nasnet", variant, settings, "nasnet.NASNet", options, in_nasnet)


CASES = {
    "resnet50": Case("resnet", "resnet50_keras", {}, "resnet.ResNet50", {}, in_resnet),
    "resnet50_v2": Case("resnet_v2", "resnet50_v2", {}, "resnet_v2.ResNet50V2", {}, in_resnet_v2),
    "densenet121": Case("densenet", "densenet121_keras", {}, "densenet.DenseNet121", {}),
    "mobilenet_v2": Case("mobilenet_v2", "mobilenet_v2_keras", {"width": "0.35"},
                         "mobilenet_v2.MobileNetV2", {"alpha": 0.35}),
    "mobilenet_v1": Case("mobilenet_v1", "mobilenet_v1_keras", {"width": "0.25"},
                         "mobilenet.MobileNet", {"alpha": 0.25}),
    "xception": Case("xception", None, {}, "xception.Xception", {}, image=(78, 71, 3)),
    "inception_v3": Case("inception_v3", "inception_v3_keras", {}, "inception_v3.InceptionV3", {},
                         image=(75, 107, 3)),
    "inception_resnet_v2": Case("inception_resnet_v2", "inception_resnet_v2_keras", {},
                                "inception_resnet_v2.InceptionResNetV2", {},
                                image=(75, 107, 3)),
    "vgg16": Case("vgg", "vgg16_keras", {"softmax": "false"}, "vgg16.VGG16", {}, image=(32, 57, 3)),
    "nasnet_mobile": nasnet(skip=False),
    "nasnet_large": nasnet(skip=True),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_keras_gives_the_same_scores(case: Case) -> None:
    module, _, function = case.made.partition(".")
    make = getattr(import_module(f"keras.src.applications.{module}"), function)
    theirs = make(input_shape=case.image, weights=None, classifier_activation=None, **case.options)
    generator = np.random.default_rng(0)
    layers = {layer.name: layer for layer in theirs.layers if layer.weights}
    arrays = {
        name: [_random(tuple(weight.shape), generator) for weight in layer.weights]
        for name, layer in layers.items()
    }
    for name, layer in layers.items():
        layer.set_weights(arrays[name])
    ours = {
        layer.name: _in_torch(type(layer).__name__, *arrays[layer.name])
        for layer in _as_needed(theirs)
        if layer.weights
    }
    images = generator.normal(scale=8, size=(2, *case.image)).astype(np.float32)
    expected = theirs(images, training=False).detach().numpy()
    assert difference(expected[:1], expected[1:]) > VISIBLE
    assert difference(expected, _scores(case, ours, images)) <= 1e-5


def _as_needed(model: Any) -> list[Any]:  # noqa: ANN401 - Keras's
    """Returns a model's layers as its output needs them: those of a first path, then a second."""
    done: dict[Any, None] = {}
    (last,) = model.outputs
    waiting = [last._keras_history.operation]
    while waiting:
        before = [
            tensor._keras_history.operation
            for node in waiting[-1]._inbound_nodes
            for tensor in node.input_tensors
            if tensor._keras_history.operation not in done
        ]
        if before:
            waiting.append(before[0])
        else:
            done[waiting.pop()] = None
    return list(done)


def _scores(case: Case, theirs: Mapping[str, Arrays], images: np.ndarray) -> np.ndarray:
    """Returns the scores of the spec's network with the weights of Keras's layers, by name."""
    settings = {**case.settings, "inputs.image": str([case.image[2], *case.image[:2]])}
    path = str(shipped_specs()[case.spec])
    graph = compile_spec(path, variant=case.variant, settings=settings).graph
    owners = [node.path for node in graph.nodes if node.parameters()]
    paths = list(dict.fromkeys(re.sub(r"\.(depth|point)wise$", "", path) for path in owners))
    named = dict(zip(paths, theirs, strict=True))
    if case.named is not None:
        named = {path: case.named(path) for path in paths}
    assert set(named.values()) == set(theirs)
    weights = {
        f"{path}.{name}": array
        for path, layer in named.items()
        for name, array in theirs[layer].items()
    }
    counters = {k: v for k, v in random_weights(graph).items() if k.endswith("batches_tracked")}
    inputs = {"image": np.ascontiguousarray(images.transpose(0, 3, 1, 2))}
    (scores,) = run_torch(graph, weights | counters, inputs).values()
    return scores


def _random(shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
    """Returns random weights that keep values in bounds, and statistics that are positive."""
    if len(shape) == 1:
        return generator.uniform(0.5, 1.5, shape).astype(np.float32)
    is_depthwise = shape[-1] == 1
    inputs = math.prod(shape[:2] if is_depthwise else shape[:-1])
    return generator.normal(scale=math.sqrt(2 / inputs), size=shape).astype(np.float32)


def _in_torch(kind: str, first: np.ndarray, *others: np.ndarray) -> Arrays:
    """Returns the weights of a kind of Keras layer by torch's names, in torch's layout."""
    if kind == "BatchNormalization":
        arrays = (first, *others)  # the first, a scale, is not always there
        names = ("weight", "bias", "running_mean", "running_var")[-len(arrays) :]
        return dict(zip(names, arrays, strict=True))
    bias = {"bias": others[-1]} if others else {}
    if kind == "Dense":
        return {"weight": first.T.copy(), **bias}
    of_each, of_all = (2, 3, 0, 1), (3, 2, 0, 1)
    if kind == "SeparableConv2D":
        (pointwise,) = others
        return {
            "depthwise.weight": first.transpose(of_each).copy(),
            "pointwise.weight": pointwise.transpose(of_all).copy(),
        }
    axes = of_each if kind == "DepthwiseConv2D" else of_all
    return {"weight": first.transpose(axes).copy(), **bias}
