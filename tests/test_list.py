"""`archspec list`: what ships with the package, for people and for machines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from shipped import VARIANTS, checked

from archspec.cli import main
from archspec.frontend.catalogue import catalogue


def listed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["list", *arguments]) == 0
    return capsys.readouterr().out


def test_every_spec_and_variant_is_in_the_json_with_what_check_says_of_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = json.loads(listed(capsys, "--format", "json"))
    assert [(row["name"], row["variant"]) for row in rows] == VARIANTS
    for row in rows:
        made: dict[str, Any] = checked(row["name"], row["variant"])[1]
        assert Path(row["file"]).stem == row["name"]
        assert Path(row["file"]).is_file()
        assert row["params"] == made["params"]["total"]
        assert row["params_auxiliary"] == made["params"]["auxiliary"]
        for figure in ("macs", "macs_auxiliary", "depth"):
            assert row[figure] == made[figure]
    claimed = [key for row in rows for key in row["reference"]]
    assert sorted(claimed) == sorted(key for entry in catalogue() for key in entry.reference)
    assert len({*claimed}) == len(claimed)


def test_the_catalogue_knows_no_network_that_does_not_ship() -> None:
    known = [(entry.spec, entry.variant) for entry in catalogue()]
    assert {*known} <= {*VARIANTS}
    assert len({*known}) == len(known)
    assert [spec for spec, _ in known] == sorted(spec for spec, _ in known)


def test_the_table_has_a_line_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    headings, *lines = listed(capsys).splitlines()
    assert headings.split() == ["name", "parameters", "multiply-adds", "depth", "title"]
    assert [line.split()[0] for line in lines] == [variant or spec for spec, variant in VARIANTS]
    (line,) = (line for line in lines if line.startswith("resnet50 "))
    assert line.split(maxsplit=4) == ["resnet50", "25,557,032", "4,089,184,256", "50", "ResNet-50"]


@pytest.mark.parametrize(
    ("pattern", "some", "none"),
    [
        ("resnet", {"resnet", "resnet18", "se_resnet50", "resnet50_keras"}, {"resnet_v2"}),
        ("vgg*", {"vgg", "vgg16", "vgg11_lrn"}, {"resnet"}),
        ("*_keras", {"vgg16_keras", "inception_v3_keras"}, {"vgg16"}),
        ("lenet5_1998", {"lenet5_1998"}, {"lenet5"}),
    ],
)
def test_a_pattern_chooses(
    capsys: pytest.CaptureFixture[str], pattern: str, some: set[str], none: set[str]
) -> None:
    names = {line.split()[0] for line in listed(capsys, pattern).splitlines()[1:]}
    assert some <= names
    assert not none & names


@pytest.mark.parametrize(
    ("pattern", "help_"),
    [("qq*", "`*` in it stands for anything"), ("ResNet50", "did you mean `resnet50`?"), ("", "")],
)
def test_a_pattern_that_nothing_fits_is_a_no(
    capsys: pytest.CaptureFixture[str], pattern: str, help_: str
) -> None:
    assert main(["list", pattern]) == 1
    said = capsys.readouterr().err
    assert f"no shipped network is called `{pattern}`" in said
    assert help_ in said
