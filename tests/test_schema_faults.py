"""What is wrong by its form is refused by the JSON Schema, at its place."""

from __future__ import annotations

import pytest
import yaml_core
from schema_judgement import faults

WRONG_LAYERS = {
    "conv2d: {out_channels: 8, kernal_size: 3}": "conv2d.kernal_size",
    "conv2d: {out_channels: eight}": "conv2d.out_channels",
    "conv2d: {out_channels: '8'}": "conv2d.out_channels",
    "conv2d: {out_channels: true}": "conv2d.out_channels",
    "conv2d: {out_channels: 0}": "conv2d.out_channels",
    "conv2d: {out_channels: 2.5}": "conv2d.out_channels",
    "conv2d: {kernel_size: [3, x]}": "conv2d.kernel_size.1",
    "conv2d: {padding: some}": "conv2d.padding",
    "conv2d: {padding_mode: zero}": "conv2d.padding_mode",
    "conv2d: {bias: no}": "conv2d.bias",
    "conv2d: wide": "conv2d",
    "relu: 3": "relu",
    "dropout: 1.5": "dropout",
    "pairwise_distance: {p: 3}": "pairwise_distance.p",
    "reshape: []": "reshape",
    "relu: {name: 3d}": "relu.name",
    "relu: {name: train}": "relu.name",
    "relu: {from: [a, 3]}": "relu.from.1",
    "relu: {when: maybe}": "relu.when",
    "relu: {repeat: -1}": "relu.repeat",
    "relu: {repeat: {n: 3}}": "relu.repeat.n",
    "own: {repeat: -1}": "own.repeat",
    "own: {name: class}": "own.name",
    "linear: {weight_init: he}": "linear.weight_init",
    "linear: {weight_init: {normal: {sigma: 1}}}": "linear.weight_init.normal.sigma",
    "linear: {weight_init: {zeros: 1}}": "linear.weight_init.zeros",
    "linear: {weight_l2: -1}": "linear.weight_l2",
    "linear: {freeze: 3}": "linear.freeze",
    "add: [a]": "add",
    "add: a": "add",
    "add: {a: 1, b: []}": "add.a",
    "add: {a: {form: x}, b: []}": "add.a.form",
    "add: {each: 3, b: []}": "add",
    "concat: {dim: one, a: [], b: []}": "concat.dim",
    "concat: {a: [conv2d: {stirde: 2}], b: []}": "concat.a.0.conv2d.stirde",
    "subtract: {other: 3}": "subtract.other",
    "residual: {body: [], boddy: []}": "residual.boddy",
    "residual: relu": "residual",
    "residual: {shortcut: []}": "residual",
    "residual: [relu: {nam: a}]": "residual.0.relu.nam",
    "group: {layers: relu}": "group.layers",
    "auxiliary: {layers: [], weight: heavy}": "auxiliary.weight",
    "reuse: {from: a}": "reuse",
    "use: {spec: a, untill: b}": "use.untill",
    "max pool: 2": "",
    "{relu: {}, tanh: {}}": "",
    "[relu]": "",
    "3": "",
    "{}": "",
}


@pytest.mark.parametrize("layer", WRONG_LAYERS)
def test_it_refuses_a_wrong_layer_at_its_place(layer: str) -> None:
    spec = yaml_core.read(
        f"{{name: net, inputs: {{x: [3]}}, layers: [relu, {layer}], include: [own.yaml]}}"
    )
    place = f"layers.1.{WRONG_LAYERS[layer]}".removesuffix(".")
    assert {where for where, _ in faults(spec)} == {place}
    within = {"name": "net", "blocks": {"b": {"layers": spec["layers"]}}}
    assert {where for where, _ in faults(within)} == {f"blocks.b.{place}"}


MISSPELT = {
    "rellu": "",
    "rellu:": "",
    "conv2: 3": "",
    "Conv2D: {filters: 3}": "",
    "Dense: {units: 3, name: a}": "",
    "residual: [rellu]": "residual.0",
    "residual: {body: [relu], shortcut: [rellu: {name: a}]}": "residual.shortcut.0",
    "group: {layers: [group: [rellu]]}": "group.layers.0.group.0",
    "auxiliary: {layers: [rellu]}": "auxiliary.layers.0",
    "concat: {a: [rellu], b: []}": "concat.a.0",
    "concat: {a: {when: true, layers: [rellu]}, b: x}": "concat.a.layers.0",
    "concat: {each: {n: [1, 2]}, path: [rellu]}": "concat.path.0",
    "subtract: {other: [rellu]}": "subtract.other.0",
    "matmul: {input: a, other: {layers: [rellu]}}": "matmul.other.layers.0",
}


@pytest.mark.parametrize("layer", MISSPELT)
def test_it_refuses_an_unknown_name_in_a_file_that_can_have_no_blocks(layer: str) -> None:
    spec = yaml_core.read(f"{{name: net, inputs: {{x: [3]}}, layers: [relu, {layer}]}}")
    ((place, message),) = faults(spec)
    assert place == f"layers.1.{MISSPELT[layer]}".removesuffix(".")
    assert "'^(" in message  # the pattern of all names
    for key, value in [("blocks", {}), ("include", ["a.yaml"]), ("extends", "a.yaml")]:
        assert faults({**spec, key: value}) == []


KNOWN = [
    "=block",
    "=block: {n: [rellu]}",
    "concat: {from: [rellu, tannh], dim: 1}",
    "add: [rellu, tannh]",
    "add: {a: rellu, b: {from: tannh, layers: []}}",
    "relu: {from: [rellu], freeze: [rellu]}",
    "relu: {repeat: [{out: rellu}], expect: [rellu]}",
    "use: {spec: rellu, params: {layers: [rellu], body: [rellu]}}",
    "reuse: rellu",
    "add: {each: {n: [rellu]}, path: []}",
    "split: {parts: {rellu: 3, layers: 3}}",
]


@pytest.mark.parametrize("layer", KNOWN)
def test_only_names_of_layers_need_to_be_known(layer: str) -> None:
    spec = yaml_core.read(f"{{name: net, inputs: {{x: [3]}}, layers: [relu, {layer}]}}")
    assert faults(spec) == []


HEAD_OF_SPEC = "name: net\ninputs: {x: [3]}\nlayers: [relu]\n"
WRONG_SECTIONS = {
    "layer: [relu]": "layer",
    "title: [a]": "title",
    "params: [a]": "params",
    "params: {1a: 3}": "params.1a",
    "defaults: {conv2d: {kernal_size: 3}}": "defaults.conv2d.kernal_size",
    "defaults: {conv2d: {name: a}}": "defaults.conv2d",
    "defaults: {conv2d: 3}": "defaults.conv2d",
    "defaults: {own: 3}": "defaults.own",
    "defaults: {output_l1: 3}": "defaults.output_l1",
    "blocks: {b: {layers: [relu], param: {}}}": "blocks.b.param",
    "blocks: {b: {params: {}}}": "blocks.b",
    "blocks: {2b: {layers: []}}": "blocks.2b",
    "outputs: 3": "outputs",
    "expect: {params: many}": "expect.params",
    "expect: {parameters: 3}": "expect.parameters",
    "extends: {file: base.yaml, spec: a}": "extends.file",
    "variants: {small: {expect: {macs: few}}}": "variants.small.expect.macs",
    "train: {epochs: 3}": "train",
    "train: {data: {dataset: irises}, epochs: 3}": "train.data.dataset",
    "train: {data: {dataset: iris}, epochs: =n}": "train.epochs",
    "train: {data: {dataset: iris}, epochs: 3, loss: hinge}": "train.loss",
    "train: {data: {dataset: iris}, epochs: 3, optimizer: {adam: {lr: 0}}}":
        "train.optimizer.adam.lr",
    "train: {data: {dataset: iris}, epochs: 3, optimizer: {adm: {}}}": "train.optimizer.adm",
    "train: {data: {dataset: iris}, epochs: 3, optimizer: {adam: {}, sgd: {}}}": "train.optimizer",
    "train: {data: {npz: a, preprocess: [normalize]}, epochs: 3}": "train.data.preprocess.0",
    "train: {data: {npz: a, preprocess: [{resize: [1]}]}, epochs: 3}":
        "train.data.preprocess.0.resize",
}  # fmt: skip


@pytest.mark.parametrize("section", WRONG_SECTIONS)
def test_it_refuses_a_wrong_section_at_its_place(section: str) -> None:
    found = faults(yaml_core.read(f"{HEAD_OF_SPEC}{section}\n"))
    assert {where for where, _ in found} == {WRONG_SECTIONS[section]}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("inputs: {x: [3]}\nlayers: [relu]", ""),
        ("name: net\nlayers: [relu]", ""),
        ("name: net\ninputs: {x: [3]}", ""),
        ("extends: a.yaml", ""),
        ("name: a b\ninputs: {x: [3]}\nlayers: [relu]", "name"),
        ("name: net\ninputs: {x: [0]}\nlayers: [relu]", "inputs.x.0"),
        ("name: net\ninputs: {x: 3}\nlayers: [relu]", "inputs.x"),
        ("name: net\ninputs: {x: {shape: [3], dtype: int8}}\nlayers: [relu]", "inputs.x.dtype"),
        ("name: net\ninputs: {x: [3]}\nlayers: []", "layers"),
        ("blocks: {b: {layers: [relu]}}\nexpect: {params: 3}", "expect"),
    ],
)
def test_it_refuses_a_spec_without_what_it_needs(text: str, place: str) -> None:
    found = faults(yaml_core.read(text))
    assert {where for where, _ in found} == {place}
