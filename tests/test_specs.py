"""The shipped specs against the reference: totals, and layer by layer."""

import json
from pathlib import Path
from typing import Any

import pytest

from archspec.analysis.summary import as_json
from archspec.frontend.shipped import shipped_specs
from archspec.frontend import Compiled, compile_spec, compile_text

REFERENCE = Path(__file__).parent / "reference"
ZOO: dict[str, Any] = json.loads((REFERENCE / "zoo.json").read_text(encoding="utf-8"))["models"]
LISTINGS: dict[str, Any] = json.loads((REFERENCE / "listings.json").read_text(encoding="utf-8"))[
    "listings"
]

SPECS = {
    "googlenet_paper_aux": ("googlenet", None),
    "lenet5_common": ("lenet5", None),
    "torchvision_resnet18": ("resnet", "resnet18"),
    "torchvision_resnet34": ("resnet", "resnet34"),
    "torchvision_resnet50": ("resnet", "resnet50"),
    "torchvision_resnet101": ("resnet", "resnet101"),
    "torchvision_resnet152": ("resnet", "resnet152"),
}
VARIANTS = [
    (name, variant)
    for name, path in shipped_specs().items()
    for variant in (None, *compile_spec(str(path)).variants)
]


def checked(name: str, variant: str | None = None) -> tuple[Compiled, dict[str, Any]]:
    compiled = compile_spec(str(shipped_specs()[name]), variant=variant)
    return compiled, as_json(compiled.graph, compiled.diagnostics, ok=True, file=name)


@pytest.mark.parametrize("key", SPECS)
def test_totals_equal_the_reference(key: str) -> None:
    _, made = checked(*SPECS[key])
    wanted = ZOO[key]
    assert made["params"]["total"] == wanted["params"]["total"]
    assert made["params"]["trainable"] == wanted["params"]["trainable"]
    assert made["params"]["statistics"] == wanted["params"]["bn_running_stats"]
    assert made["macs"] + made["macs_auxiliary"] == wanted["macs"]["conv_linear"]
    weights = [
        name
        for layer in made["layers"]
        for name in layer["tensors"]
        if not name.startswith("running_")
    ]
    assert len(weights) == wanted["params"]["n_param_tensors"]
    shapes = [list(wanted["input_shape"][1:])]
    assert list(made["inputs"].values()) == shapes


def test_googlenet_without_its_heads_equals_the_reference() -> None:
    _, made = checked("googlenet")
    wanted = ZOO["googlenet_paper"]
    inference = [layer for layer in made["layers"] if not layer["training_only"]]
    assert made["params"]["total"] - made["params"]["auxiliary"] == wanted["params"]["total"]
    assert sum(layer["params"] for layer in inference) == wanted["params"]["total"]
    assert made["macs"] == wanted["macs"]["conv_linear"]
    assert sum(layer["macs"] for layer in inference) == wanted["macs"]["conv_linear"]


OPERATORS = {
    "conv": "conv2d", "conv2d": "conv2d", "fc": "linear", "linear": "linear", "lrn":
    "local_response_norm", "cat": "concat", "batchnorm2d":
    "batch_norm", "maxpool2d": "max_pool2d", "avgpool2d": "avg_pool2d", "tanh": "tanh",
    "relu": "relu", "flatten": "flatten",
}  # fmt: skip


@pytest.mark.parametrize("key", SPECS)
def test_layers_equal_the_reference_in_order(key: str) -> None:
    table = json.loads((REFERENCE / "layers" / f"{key}.json").read_text(encoding="utf-8"))
    batch = 0 if ZOO[key]["framework"].startswith("by hand") else 1
    wanted = [
        (OPERATORS[kind.lower()], shape[batch:], params, macs)
        for _, kind, shape, params, macs in table["rows"]
        if kind.lower() in OPERATORS
    ]
    _, made = checked(*SPECS[key])
    listed = {kind for kind, *_ in wanted}
    rows = [
        (layer["op"], layer["output_shapes"][0], layer["params"], layer["macs"])
        for layer in made["layers"]
        if layer["op"] in listed
    ]
    assert rows == wanted


def test_iris_equals_the_notes_listing() -> None:
    _, made = checked("iris")
    wanted = LISTINGS["004_iris_50_30_3"]
    assert made["params"]["total"] == wanted["totals"]["total"]
    assert made["macs"] == wanted["macs_conv_linear"]
    dense = [layer for layer in made["layers"] if layer["op"] == "linear"]
    assert [layer["params"] for layer in dense] == [row["params"] for row in wanted["layers"]]
    activations = [layer["op"] for layer in made["layers"] if layer["op"] != "linear"]
    assert activations == [row["activation"] for row in wanted["layers"]]


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_a_resolved_spec_is_a_spec_of_the_same_network(name: str, variant: str | None) -> None:
    compiled, made = checked(name, variant)
    again = compile_text(compiled.resolved, "resolved.yaml")
    other = as_json(again.graph, (), ok=True, file=name)
    assert [strip(layer) for layer in made["layers"]] == [strip(x) for x in other["layers"]]
    assert made["outputs"] == other["outputs"]
    assert again.resolved == compiled.resolved


def strip(layer: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in layer.items() if key not in ("file", "line")}


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_the_table_adds_up(name: str, variant: str | None) -> None:
    _, made = checked(name, variant)
    assert sum(layer["params"] for layer in made["layers"]) == made["params"]["total"]
    assert sum(layer["macs"] for layer in made["layers"]) == made["macs"] + made["macs_auxiliary"]
    paths = [layer["name"] for layer in made["layers"]]
    assert len(set(paths)) == len(paths)
    scopes = {path.rpartition(".")[0] for path in paths}
    assert not scopes & set(paths), "a path is both a scope and a leaf"
