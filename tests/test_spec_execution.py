"""The shipped specs at work: run in PyTorch and ONNX Runtime, and drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from execution import (
    balanced_weights,
    difference,
    run_onnx,
    run_torch,
    strong_inputs,
    watched,
)
from picture_checks import check_boxes, check_clusters, check_wires, drawing
from shipped import checked, each_variant

from archspec.backends.onnx import export
from archspec.ir.graph import Graph

SMALL: dict[str, dict[str, str]] = {
    "alexnet": {"inputs.image": "[3, 75, 67]", "hidden": "64"},
    "alexnet_notes": {"inputs.image": "[3, 32, 40]", "hidden": "64"},
    "cnn_fms": {"inputs.image": "[3, 75, 67]", "hidden": "64"},
    "densenet": {"inputs.image": "[3, 64, 57]", "depths": "[2, 1, 1, 1]", "growth": "8"},
    "googlenet": {"inputs.image": "[3, 112, 130]"},
    "inception_resnet_v2": {"inputs.image": "[3, 75, 107]", "depths": "[2, 1, 2]"},
    "inception_v3": {"inputs.image": "[3, 75, 107]", "heads": "false"},
    "mobilenet_v1": {"inputs.image": "[3, 96, 89]", "width": "0.25"},
    "mobilenet_v2": {"inputs.image": "[3, 64, 55]", "width": "0.35"},
    "nasnet": {"inputs.image": "[3, 64, 55]", "stem": "8", "filters": "8", "cells": "1"},
    "resnet": {"inputs.image": "[3, 64, 57]", "depths": "[2, 1, 0, 1]"},
    "resnet50_transfer": {"inputs.image": "[3, 64, 57]", "hidden": "16"},
    "resnet_v2": {"inputs.image": "[3, 64, 57]", "depths": "[2, 1, 0, 1]"},
    "senet": {"inputs.image": "[3, 64, 57]", "depths": "[2, 1, 0, 1]"},
    "siamese": {"inputs.left": "[1, 65, 65]", "inputs.right": "[1, 65, 65]"},
    "unet": {"inputs.image": "[1, H, W]", "channels": "4"},
    "vgg": {"inputs.image": "[3, 32, 39]", "hidden": "64"},
}
"""What makes a network small enough to be run in a moment, and changes nothing else."""

SIZES = [{"batch": 1, "H": 188, "W": 204, "T": 5}, {"batch": 2, "H": 191, "W": 188, "T": 9}]
"""Sizes for names, the second with something for every pooling to leave over."""

VISIBLE = 0.002
"""How much the outputs for two inputs differ at least, or nothing would be compared."""


@each_variant
def test_it_runs_and_onnx_runtime_agrees(name: str, variant: str | None, tmp_path: Path) -> None:
    check_execution(checked(name, variant, SMALL.get(name))[0].graph, tmp_path)


@pytest.mark.parametrize("name", ["densenet", "mobilenet_v2", "nasnet"])
def test_the_whole_network_runs_and_onnx_runtime_agrees(name: str, tmp_path: Path) -> None:
    graph = checked(name, settings={"inputs.image": SMALL[name]["inputs.image"]})[0].graph
    check_execution(graph, tmp_path)


def check_execution(graph: Graph, folder: Path) -> None:
    graph = watched(graph)
    weights, file = balanced_weights(graph), folder / "network.onnx"
    export(graph, weights, file, metadata={})
    for sizes in SIZES:
        inputs = strong_inputs(graph, sizes)
        expected, given = run_torch(graph, weights, inputs), run_onnx(file, inputs)
        assert given.keys() == expected.keys() == graph.outputs.keys()
        *_, array = expected.values()
        assert sizes["batch"] == 1 or difference(array[:1], array[1:]) > VISIBLE
        for output, array in expected.items():
            assert np.isfinite(array).all()
            assert difference(array, given[output]) <= 1e-4


def test_it_is_the_same_to_the_siamese_network_which_image_comes_first() -> None:
    graph = checked("siamese", settings=SMALL["siamese"])[0].graph
    weights, inputs = balanced_weights(graph), strong_inputs(graph, {"batch": 2})
    swapped = {"left": inputs["right"], "right": inputs["left"]}
    made, again = (run_torch(graph, weights, images)["same"] for images in (inputs, swapped))
    assert difference(made, again) <= 1e-6


@each_variant
def test_its_picture_shows_all_of_it(name: str, variant: str | None) -> None:
    graph = checked(name, variant, SMALL.get(name))[0].graph
    picture = drawing(graph)
    check_boxes(graph, picture)
    check_clusters(graph, picture)
    check_wires(graph, picture)
