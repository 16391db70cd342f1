"""Specs of several files: include, extends, and specs that are used as layers."""

from pathlib import Path

import pytest
from test_language import wires

from archspec.diagnostics import Diagnostic, Span, SpecError
from archspec.frontend import Compiled, compile_spec, compile_text
from archspec.frontend.tree import plain
from archspec.ir.graph import Graph, Node
from archspec.ir.totals import totals

LIBRARY = """
params: {act: relu}
defaults: {conv2d: {bias: false}}
blocks:
  conv_act:
    params: {out: int}
    layers: [conv2d: {out_channels: =out, kernel_size: 3}, =act]
"""
BACKBONE = """
name: backbone
params: {width: 8, deep: false}
inputs: {image: [3, 32, 32]}
layers:
  - conv2d: {name: stem, out_channels: =width, kernel_size: 3}
  - auxiliary: {name: early, layers: [global_avg_pool2d, linear: 3]}
  - relu: {name: features, when: =not deep}
  - global_avg_pool2d
  - linear: {name: fc, out_features: 10}
outputs: {logits: fc}
variants:
  wide: {width: 16}
"""


def project(folder: Path, **files: str) -> Path:
    """Writes a project and returns the path of its `main.yaml`."""
    (folder / "pyproject.toml").touch()
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "main.yaml"


def main(folder: Path, body: str, **files: str) -> Compiled:
    text = f"name: main\ninputs: {{image: [3, 32, 32]}}\n{body}"
    return compile_spec(str(project(folder, main=text, **files)))


def faults(folder: Path, body: str, **files: str) -> list[Diagnostic]:
    with pytest.raises(SpecError) as caught:
        main(folder, body, **files)
    return list(caught.value.diagnostics)


def without_places(graph: Graph) -> list[Node]:
    return [node._replace(span=Span("")) for node in graph.nodes]


def test_included_blocks_see_their_own_file(tmp_path: Path) -> None:
    body = (
        "params: {act: tanh}\ninclude: [lib/blocks.yaml]\n"
        "layers: [conv_act: 4, conv2d: {out_channels: 2, kernel_size: 1}, =act]\n"
    )
    made = main(tmp_path, body, lib__blocks=LIBRARY)
    assert [node.op.kind() for node in made.graph.nodes] == ["conv2d", "relu", "conv2d", "tanh"]
    inner, outer = (n for n in made.graph.nodes if n.op.kind() == "conv2d")
    assert [*inner.tensors()] == ["weight"]
    assert [*outer.tensors()] == ["weight", "bias"]


def test_paths_are_relative_to_the_file_they_stand_in(tmp_path: Path) -> None:
    more = 'include: ["inner.yaml"]\nblocks: {outer: {layers: [inner]}}\n'
    made = main(
        tmp_path,
        'include: ["lib/more.yaml"]\nlayers: [outer, inner]\n',
        lib__more=more,
        lib__inner="blocks: {inner: {layers: [relu]}}\n",
    )
    assert [node.path for node in made.graph.nodes] == ["outer.inner.relu", "inner.relu"]


def test_a_spec_that_extends_another_changes_what_it_says(tmp_path: Path) -> None:
    body = "extends: base.yaml\nparams: {width: 4}\ntitle: T\n"
    made = main(tmp_path, body, base=BACKBONE + "expect: {params: 1}\n")
    assert totals(made.graph).params == 3 * 9 * 4 + 4 + 4 * 10 + 10 + 4 * 3 + 3
    assert made.graph.name == "main"
    assert [*made.graph.outputs] == ["logits"]
    chosen = main(tmp_path, "extends: {spec: base.yaml, variant: wide}\n", base=BACKBONE)
    assert chosen.graph.nodes[0].tensors()["weight"].shape[0] == 16


def test_a_used_spec_is_a_scope_without_its_heads(tmp_path: Path) -> None:
    made = main(tmp_path, "layers: [use: backbone.yaml, softmax]\n", backbone=BACKBONE)
    assert wires(made.graph) == {
        "backbone.stem": ["image"],
        "backbone.features": ["backbone.stem"],
        "backbone.global_avg_pool2d": ["backbone.features"],
        "backbone.fc": ["backbone.global_avg_pool2d"],
        "softmax": ["backbone.fc"],
    }
    assert not made.graph.heads


def test_a_used_spec_takes_a_variant_parameters_and_a_cut(tmp_path: Path) -> None:
    use = "{spec: backbone.yaml, variant: wide, until: features}"
    made = main(tmp_path, f"layers: [use: {use}, flatten]\n", backbone=BACKBONE)
    assert [n.path for n in made.graph.nodes] == [
        "backbone_wide.stem", "backbone_wide.features", "flatten",
    ]  # fmt: skip
    use = "{name: b, spec: backbone.yaml, params: {width: 5, deep: true}, until: features}"
    made = main(tmp_path, f"layers: [use: {use}]\n", backbone=BACKBONE)
    assert [n.path for n in made.graph.nodes] == ["b.stem"]
    assert made.graph.outputs["output"].type.example[0] == 5


def test_a_shipped_spec_is_used_by_its_name(tmp_path: Path) -> None:
    use = "{spec: resnet, variant: resnet18, until: stage1, freeze: [stem]}"
    made = main(tmp_path, f"layers: [use: {use}]\n")
    assert made.graph.nodes[0].path.startswith("resnet18.stem")
    assert totals(made.graph).frozen > 0


def test_a_spec_of_several_files_is_written_down_as_one(tmp_path: Path) -> None:
    body = (
        "include: [lib.yaml]\n"
        "layers: [conv_act: 4, {use: {spec: back.yaml, variant: wide, until: fc}}, relu]\n"
    )
    narrow = BACKBONE.replace("[3, 32, 32]", "[4, 30, 30]")
    made = main(tmp_path, body, lib=LIBRARY, back=narrow)
    again = compile_text(made.resolved, "/nowhere/else.yaml")
    assert without_places(again.graph) == without_places(made.graph)


def test_a_file_that_is_included_in_two_ways_is_one(tmp_path: Path) -> None:
    made = main(
        tmp_path,
        "include: [lib.yaml, more.yaml]\nlayers: [conv_act: 4, outer]\n",
        lib=LIBRARY,
        more="include: lib.yaml\nblocks: {outer: {layers: [conv_act: 5]}}\n",
    )
    again = compile_text(made.resolved, "/nowhere/else.yaml")
    assert without_places(again.graph) == without_places(made.graph)
    assert len(made.graph.nodes) == 4


@pytest.mark.parametrize(
    "body",
    [
        "blocks: {b: {params: {use: 3}, layers: [dropout: =use / 9]}}\nlayers: [b: {use: 4}]\n",
        "params: {use: {use: 3}}\nlayers: [relu]\n",
        "layers: [add: {use: image, p: []}]\n",
        "blocks: {b: {params: {use: 3}, layers: [relu]}}\nlayers: [b: {repeat: [{use: 3}]}]\n",
    ],
)
def test_other_things_may_be_called_use(tmp_path: Path, body: str) -> None:
    assert main(tmp_path, body).ok


@pytest.mark.parametrize(
    "layer",
    [
        "residual: [{use: USED}]",
        "residual: {body: [{use: USED}], shortcut: {layers: [{use: USED}]}}",
        "group: {name: g, layers: [{residual: [{use: {spec: USED}}]}]}",
        "add: {a: [{use: USED}], b: {from: image, layers: [{use: USED}]}}",
        "subtract: {other: [{use: USED}]}",
        "b",
    ],
)
def test_a_spec_is_used_wherever_layers_stand(tmp_path: Path, layer: str) -> None:
    used = "name: used\ninputs: {image: [3, H, W]}\nlayers: [relu]\n"
    body = f"blocks: {{b: {{layers: [use: USED]}}}}\nlayers: [{{{layer}}}]\n"
    body = body.replace("[{b}]", "[b]").replace("USED", "used.yaml")
    made = main(tmp_path, body, used=used)
    assert any("used" in node.path for node in made.graph.nodes)


def test_defaults_of_all_operators_are_merged_as_wholes(tmp_path: Path) -> None:
    base = BACKBONE + (
        "  small: {defaults: {weight_init: {constant: 1}, conv2d: {bias: false}}}\n"
        "defaults: {weight_init: {normal: {std: 0.01}}, conv2d: {stride: 2}}\n"
    )
    made = main(tmp_path, "extends: {spec: base.yaml, variant: small}\n", base=base)
    assert plain(made.tree)["defaults"] == {  # type: ignore[index]
        "weight_init": {"constant": 1}, "conv2d": {"stride": 2, "bias": False},
    }  # fmt: skip
    over = "extends: base.yaml\ndefaults: {weight_init: zeros, conv2d: {stride: 1}}\n"
    assert plain(main(tmp_path, over, base=base).tree)["defaults"] == {  # type: ignore[index]
        "weight_init": "zeros", "conv2d": {"stride": 1},
    }  # fmt: skip


def test_blocks_of_one_name_in_several_files_are_different_blocks(tmp_path: Path) -> None:
    used = (
        "name: stem\ninputs: {image: [3, 32, 32]}\n"
        "blocks: {stem: {layers: [relu]}}\nlayers: [stem]\n"
    )
    body = "blocks: {stem: {layers: [use: used.yaml]}}\nlayers: [stem]\n"
    made = main(tmp_path, body, used=used)
    assert [node.path for node in made.graph.nodes] == ["stem.stem.stem.relu"]
