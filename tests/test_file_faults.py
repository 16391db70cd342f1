"""Specs of several files: what is wrong with them, and how much of them there may be."""

import os
from pathlib import Path

import pytest
from test_files import BACKBONE, LIBRARY, faults, project, without_places

from archspec.frontend import Compiled, compile_text
from archspec.frontend.compiler import analyse_spec, analyse_text


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
        ("include: [lib.yaml, twin.yaml]\nlayers: [relu]\n", "E109"),
        ("include: null\nlayers: [relu]\n", "E103"),
        ("include: {a: lib.yaml}\nlayers: [relu]\n", "E103"),
        ("extends: {spec: back.yaml, variant: [wide]}\n", "E103"),
        ("extends: {spec: back.yaml, variant: null}\n", "E103"),
        ("extends: {variant: wide}\n", "E102"),
        ("extends: [back.yaml]\n", "E103"),
        ("layers: [use: [back.yaml]]\n", "E103"),
        ('layers: ["\\x75se": [back.yaml]]\n', "E103"),
        ("layers: [use: {spec: [back.yaml]}]\n", "E103"),
        ('layers: [use: "a\\0.yaml"]\n', "E001"),
        (f"layers: [use: ./{'a' * 5000}.yaml]\n", "E001"),
        ("extends: {spec: round.yaml, variant: v}\n", "E110"),
        ("layers: [use: {spec: round.yaml, variant: v}]\n", "E110"),
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
        twin=LIBRARY.replace("relu", "tanh"),
        round=BACKBONE + "  v: {extends: w}\n  w: {extends: v}\n",
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
    assert [fault.code for fault in found] == ["E008"]


def test_a_variant_of_a_spec_without_a_name_lacks_only_that(tmp_path: Path) -> None:
    text = "inputs: {x: [3]}\nlayers: [relu]\nvariants: {a: {}}\n"
    for body in (text, "extends: resnet\n"):
        path = project(tmp_path, main=body)
        variant = "a" if body == text else "resnet18"
        found = analyse_spec(str(path), variant=variant).diagnostics
        assert [(fault.code, fault.message) for fault in found] == [("E102", "`name` is missing")]


def test_a_failed_extends_is_the_only_fault(tmp_path: Path) -> None:
    path = project(tmp_path, main="name: a\nextends: missing.yaml\n")
    assert [fault.code for fault in analyse_spec(str(path)).diagnostics] == ["E001"]


def test_links_in_a_circle_and_pipes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to(tmp_path / "b.yaml")
    (tmp_path / "b.yaml").symlink_to(tmp_path / "a.yaml")
    os.mkfifo(tmp_path / "pipe.yaml")
    for name in ("a", "pipe"):
        (fault,) = faults(tmp_path, f"layers: [use: {name}.yaml]\n")
        assert fault.code == "E001"


def nested(folder: Path, uses: int) -> Compiled:
    """Compiles a spec that uses a spec that uses …"""
    head = "name: a\ninputs: {image: [3, 32, 32]}\n"
    files = {f"level{i}": f"{head}layers: [use: level{i + 1}.yaml]\n" for i in range(1, uses)}
    files[f"level{uses}"] = f"{head}layers: [relu]\n"
    path = project(folder, main=f"{head}layers: [use: level1.yaml]\n", **files)
    return analyse_spec(str(path))


def test_what_nests_so_deep_that_it_compiles_can_be_written_down(tmp_path: Path) -> None:
    deepest = 31
    made = nested(tmp_path, deepest)
    assert made.ok
    again = compile_text(made.resolved, "/nowhere/else.yaml")
    assert without_places(again.graph) == without_places(made.graph)
    assert [fault.code for fault in nested(tmp_path, deepest + 1).diagnostics] == ["E008"]
    assert [fault.code for fault in nested(tmp_path, 300).diagnostics] == ["E008"]


def test_a_long_chain_of_extends_is_refused(tmp_path: Path) -> None:
    files = {f"level{i}": f"name: a\nextends: level{i + 1}.yaml\n" for i in range(300)}
    (fault,) = faults(tmp_path, "extends: level0.yaml\n", **files)
    assert fault.code == "E008"
    assert "in a row" in fault.message


def test_the_name_of_a_shipped_variant_is_known(tmp_path: Path) -> None:
    for body in ("layers: [use: resnet18]\n", "extends: resnet18\n"):
        (fault,) = faults(tmp_path, body)
        assert fault.help == "it is a variant: write `{spec: resnet, variant: resnet18}`"


def test_a_section_that_is_no_mapping_is_called_by_its_name() -> None:
    text = "name: a\ninputs: {x: [3]}\nlayers: [relu]\ntrain: null\n"
    (fault,) = analyse_text(text, "a.yaml").diagnostics
    assert fault.message == "`train` must be a mapping, not `null`"
