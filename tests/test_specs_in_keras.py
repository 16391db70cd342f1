"""The shipped specs against Keras's own networks: the same weights give the same scores."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from execution import Arrays, difference
from keras_weights import save, set_random_weights
from known_weights import network_with

from archspec.backends.weights_import import UndecidedError, import_weights
from archspec.frontend import compile_spec
from archspec.frontend.shipped import shipped_specs
from archspec.ir.graph import Graph

IMAGE = (64, 57, 3)
"""An image with one side that always halves and one that does not."""

CLASSES = 10

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
        image: The size of the images, channels last.
    """

    spec: str
    variant: str | None
    settings: Mapping[str, str]
    made: str
    options: Mapping[str, object]
    image: tuple[int, int, int] = IMAGE


CELLS = 2
"""Normal cells in each stage of the NASNets."""

BLOCKS = (3, 2, 2, 2)
"""Blocks in each stage of the ResNets, and layers in each block of DenseNet."""


def resnet(version: int) -> Case:
    """Returns a ResNet of few blocks, after the first or the second paper."""
    # The stride is that of the first block of a stage, or of the last.
    strides = (1, 2, 2, 2) if version == 1 else (2, 2, 2, 1)

    def stages(x: object) -> object:
        module = import_module("keras.src.applications.resnet")
        stack = getattr(module, f"stack_residual_blocks_v{version}")
        for number, (blocks, stride) in enumerate(zip(BLOCKS, strides, strict=True)):
            x = stack(x, 64 * 2**number, blocks, stride1=stride, name=f"conv{number + 2}")
        return x

    options = {"stack_fn": stages, "preact": version == 2, "use_bias": True}
    spec, variant = ("resnet", "resnet50_keras") if version == 1 else ("resnet_v2", "resnet50_v2")
    return Case(spec, variant, {"depths": str([*BLOCKS])}, "resnet.ResNet", options)


def nasnet(*, skip: bool) -> Case:
    """Returns a small NASNet, wired as the mobile or the large one."""
    settings = {"stem": "8", "filters": "8", "cells": str(CELLS), "skip": str(skip).lower()}
    options = {"penultimate_filters": 192, "num_blocks": CELLS, "stem_block_filters": 8,
               "skip_reduction": skip, "filter_multiplier": 2, "default_size": 64}  # fmt: skip
    variant = "nasnet_large" if skip else "nasnet_mobile"
    return Case("nasnet", variant, settings, "nasnet.NASNet", options)


CASES = {
    "resnet": resnet(1),
    "resnet_v2": resnet(2),
    "densenet": Case("densenet", "densenet121_keras", {"depths": str([*BLOCKS])},
                     "densenet.DenseNet", {"blocks": BLOCKS}),
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
    "vgg16": Case("vgg", "vgg16_keras", {"softmax": "false"}, "vgg16.VGG16", {}, image=(32, 67, 3)),
    "nasnet_mobile": nasnet(skip=False),
    "nasnet_large": nasnet(skip=True),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_keras_gives_the_same_scores(case: Case, tmp_path: Path) -> None:
    theirs, graph = keras_network(case), graph_of(case)
    save(theirs, tmp_path / "net.keras")
    made = import_weights(graph, tmp_path / "net.keras")
    assert not made.ignored
    images = np.random.default_rng(1).normal(scale=8, size=(2, *case.image)).astype(np.float32)
    expected = theirs(images, training=False).detach().numpy()
    assert difference(expected[:1], expected[1:]) > VISIBLE
    assert difference(expected, scores(graph, made.weights, images)) <= 1e-5
    assert difference(expected, scores(graph, swapped(made.weights), images)) > 1e-3


@pytest.mark.parametrize("name", ["resnet", "mobilenet_v2"])
def test_files_without_the_graph_give_the_same_weights(name: str, tmp_path: Path) -> None:
    theirs, graph = keras_network(CASES[name]), graph_of(CASES[name])
    save(theirs, tmp_path / "net.keras")
    save(theirs, tmp_path / "net.weights.h5")
    expected = import_weights(graph, tmp_path / "net.keras").weights
    given = import_weights(graph, tmp_path / "net.weights.h5").weights
    assert given.keys() == expected.keys()
    assert all(np.array_equal(given[name], array) for name, array in expected.items())


@pytest.mark.parametrize("name", ["nasnet_mobile"])
def test_branches_of_one_shape_and_names_that_say_nothing_are_refused(
    name: str, tmp_path: Path
) -> None:
    save(keras_network(CASES[name]), tmp_path / "net.weights.h5")
    with pytest.raises(UndecidedError, match="may be") as error:
        import_weights(graph_of(CASES[name]), tmp_path / "net.weights.h5")
    assert "save the model as .keras" in error.value.help


def keras_network(case: Case) -> Any:  # noqa: ANN401 - Keras's
    """Returns Keras's network with random weights."""
    module, _, function = case.made.partition(".")
    make = getattr(import_module(f"keras.src.applications.{module}"), function)
    theirs = make(
        input_shape=case.image, weights=None, classes=CLASSES, classifier_activation=None,
        **case.options,
    )  # fmt: skip
    set_random_weights(theirs)
    return theirs


def graph_of(case: Case) -> Graph:
    """Returns the graph of the spec."""
    image = str([case.image[2], *case.image[:2]])
    settings = {**case.settings, "inputs.image": image, "classes": str(CLASSES)}
    path = str(shipped_specs()[case.spec])
    return compile_spec(path, variant=case.variant, settings=settings).graph


def scores(graph: Graph, weights: Arrays, images: np.ndarray) -> np.ndarray:
    """Returns the scores of the spec's network."""
    network = network_with(graph, {name: torch.from_numpy(w) for name, w in weights.items()})
    with torch.no_grad():
        made = network(torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2))))
    assert isinstance(made, torch.Tensor)
    return made.numpy()


def swapped(weights: Arrays) -> Arrays:
    """Returns weights of which two of one shape are swapped: kernels, not vectors."""
    first, second = next(
        (one, two)
        for one, two in itertools.combinations(weights, 2)
        if weights[one].shape == weights[two].shape and weights[one].ndim > 1
    )
    return {**weights, first: weights[second], second: weights[first]}
