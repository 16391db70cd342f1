"""Specs of several files: include, extends, and specs that are used as layers."""

from pathlib import Path

import pytest
from test_language import wires

from archspec.diagnostics import Diagnostic, Span, SpecError
from archspec.frontend import Compiled, compile_spec, compile_text
from archspec.frontend.compiler import analyse_spec
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
variants: {wide: {width: 16}}
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


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("include: [missing.yaml]\nlayers: [relu]\n", "E001"),
        ("layers: [use: nothing_shipped]\n", "E001"),
        ("layers: [use: {spec: back.yaml, until: nowhere}]\n", "E106"),
        ("layers: [use: {spec: back.yaml, until: early}]\n", "E106"),
        ("layers: [use: {spec: two.yaml, until: relu}]\n", "E109"),
        ("layers: [relu: {name: a}, use: {spec: back.yaml, from: [a, image]}]\n", "E201"),
        ("layers: [use: {spec: back.yaml, variant: tall}]\n", "E110"),
        ("layers: [use: {spec: back.yaml, params: {widht: 3}}]\n", "E107"),
        ("layers: [use: {spec: back.yaml, params: 3}]\n", "E103"),
        ("layers: [use: {spec: =3}]\n", "E103"),
        ("layers: [use: {variant: a}]\n", "E102"),
        ("layers: [global_avg_pool2d, use: back.yaml]\n", "E201"),
        ("include: [lib.yaml]\nblocks: {conv_act: {layers: [relu]}}\nlayers: [relu]\n", "E109"),
        ("extends: {spec: back.yaml, variant: tall}\n", "E110"),
        ("extends: {spec: back.yaml, variants: wide}\n", "E101"),
        ("extends: main.yaml\n", "E111"),
        ("include: [circle.yaml]\nlayers: [relu]\n", "E111"),
        ("layers: [use: lib.yaml]\n", "E102"),
        ("include: [bad.yaml]\nlayers: [relu]\n", "E004"),
        ("include: [list.yaml]\nlayers: [relu]\n", "E104"),
    ],
)
def test_what_is_wrong_with_files_is_said(tmp_path: Path, body: str, code: str) -> None:
    found = faults(
        tmp_path,
        body,
        lib=LIBRARY,
        back=BACKBONE,
        two="name: two\ninputs: {image: [3, 32, 32]}\nlayers: [relu, relu]\n",
        circle="include: [circle.yaml]\nblocks: {}\n",
        bad="a: [",
        list="- a\n",
    )
    assert code in {fault.code for fault in found}


def test_a_fault_inside_a_used_spec_shows_both_places(tmp_path: Path) -> None:
    bad = BACKBONE.replace("linear: {name: fc, ", "max_pool2d: 9\n  - linear: {name: fc, ")
    (fault, *_) = faults(tmp_path, "layers: [use: back.yaml]\n", back=bad)
    assert fault.span.file.endswith("back.yaml")
    assert [label.span.file.endswith("main.yaml") for label in fault.labels] == [True]


def test_files_outside_of_the_project_need_leave(tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text("blocks: {b: {layers: [relu]}}\n", encoding="utf-8")
    inside = tmp_path / "project"
    inside.mkdir()
    (inside / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    for name in ("../outside.yaml", str(tmp_path / "outside.yaml"), "link.yaml"):
        body = f"include: [{name}]\nlayers: [b]\n"
        assert [fault.code for fault in faults(inside, body)][:1] == ["E009"]
        assert analyse_spec(str(inside / "main.yaml"), allow_outside=True).ok


def test_a_tree_of_files_that_explodes_is_refused(tmp_path: Path) -> None:
    files = {
        f"level{i}": "name: a\ninputs: {image: [3, 32, 32]}\n"
        "layers: [use: {name: l, spec: NEXT}, use: {name: r, spec: NEXT}]\n".replace(
            "NEXT", f"level{i + 1}.yaml"
        )
        for i in range(30)
    }
    files["level30"] = "name: a\ninputs: {image: [3, 32, 32]}\nlayers: [relu]\n"
    found = faults(tmp_path, "layers: [use: level0.yaml]\n", **files)
    assert "E008" in {fault.code for fault in found}


def test_blocks_of_one_name_in_several_files_are_different_blocks(tmp_path: Path) -> None:
    used = (
        "name: stem\ninputs: {image: [3, 32, 32]}\n"
        "blocks: {stem: {layers: [relu]}}\nlayers: [stem]\n"
    )
    body = "blocks: {stem: {layers: [use: used.yaml]}}\nlayers: [stem]\n"
    made = main(tmp_path, body, used=used)
    assert [node.path for node in made.graph.nodes] == ["stem.stem.stem.relu"]
