"""`archspec check` of several specs: which ones are meant, what is said of all of them together."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from archspec.cli import main
from archspec.frontend import compile_spec

FINE = "name: fine\ninputs: {x: [4]}\nlayers: [linear: 2]\n"
DOUBTFUL = "name: doubtful\nparams: {width: 3}\ninputs: {x: [4]}\nlayers: [linear: 2]\n"
WRONG = "name: wrong\ninputs: {x: [4]}\nlayers: [lineer: 2, rellu]\n"
BROKEN = "name: broken\ninputs: {x: [3, 4, 4]}\nlayers: [relu, max_pool2d: 9]\n"
LIBRARY = "blocks:\n  act: {layers: [relu]}\n  fc: {params: {out: int}, layers: [linear: =out]}\n"
FAMILY = (
    "name: family\nparams: {units: 2}\ninputs: {x: [4]}\nlayers: [linear: =units]\n"
    "variants: {wide: {units: 3}, bad: {units: -1}, worse: {units: -1}}\n"
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(**texts: str) -> None:
    for name, text in texts.items():
        Path(f"{name}.yaml").write_text(text, encoding="utf-8")


class Said:
    """What a call of the command printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> None:
        self.code = main(["check", *arguments])
        self.out, self.err = capsys.readouterr()


def test_several_specs_get_a_line_each_and_a_summary(capsys: pytest.CaptureFixture[str]) -> None:
    write(fine=FINE, doubtful=DOUBTFUL, wrong=WRONG)
    said = Said(capsys, "fine.yaml", "doubtful.yaml", "wrong.yaml", "missing.yaml")
    assert said.code == 3
    # A linear layer of 4 inputs and 2 outputs has 4 · 2 + 2 weights.
    assert said.out == (
        "fine.yaml: fine, 10 parameters, 8 multiply-adds\n"
        "doubtful.yaml: 1 warning, 10 parameters, 8 multiply-adds\n"
        "wrong.yaml: 2 errors\n"
        "missing.yaml: cannot be read\n"
        "\n"
        "4 specs: 1 fine, 1 with warnings, 1 with errors, 1 unreadable (2 errors, 1 warning)\n"
    )
    assert [line for line in said.err.splitlines() if line.startswith(("error", "warning"))] == [
        "warning[W101]: nothing reads the parameter `width`",
        "error[E105]: there is no operator or block `lineer`",
        "error[E105]: there is no operator or block `rellu`",
        "error[E001]: cannot read missing.yaml: no such file or directory",
    ]


def test_one_spec_in_text_is_its_mistakes_and_their_number(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write(fine=FINE, wrong=WRONG, doubtful=DOUBTFUL)
    fine = Said(capsys, "fine.yaml", "--format", "text")
    assert (fine.code, fine.out, fine.err) == (0, "", "")
    wrong = Said(capsys, "wrong.yaml", "--format", "text")
    assert (wrong.code, wrong.out) == (1, "")
    assert wrong.err.endswith("\n\n2 errors\n")
    assert Said(capsys, "doubtful.yaml").err.endswith("\n\n1 warning\n")


def test_tables_of_several_specs_end_with_the_summary(capsys: pytest.CaptureFixture[str]) -> None:
    write(fine=FINE, library=LIBRARY)
    said = Said(capsys, "fine.yaml", "library.yaml", "--format", "table")
    assert said.out.startswith("fine: x 4 → output 2\n\nlayer ")
    assert said.out.endswith("\n\nlibrary.yaml: a library of 2 blocks\n\n2 specs: 2 fine\n")


def test_each_of_several_tables_says_whose_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    write(wrong=WRONG, broken=BROKEN)
    said = Said(capsys, "wrong.yaml", "missing.yaml", "broken.yaml", "--format", "table")
    headings = [part for part in said.out.split("\n\n") if ".yaml" in part]
    assert [*map(str.strip, headings)] == [
        "wrong.yaml: 2 errors",
        "missing.yaml: cannot be read",
        "broken.yaml: 1 error",
    ]
    assert said.out.index("broken.yaml") < said.out.index("\n\nlayer ")
    # One spec needs no heading.
    assert Said(capsys, "broken.yaml", "--format", "table").out.startswith("layer ")


def test_a_pattern_that_no_shell_expanded_is_expanded_in_order(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("specs/inner/run").mkdir(parents=True)
    Path("specs/.hidden").mkdir()
    paths = ("specs/b", "specs/a", "specs/inner/c", "specs/.hidden/d")
    write(**dict.fromkeys(paths, FINE))
    Path("specs/inner/run/spec.yaml").write_text(FINE, encoding="utf-8")

    def checked(*patterns: str) -> list[str]:
        made = json.loads(Said(capsys, *patterns, "--format", "json").out)
        return [spec["file"] for spec in made]

    assert checked("specs/*.yaml") == ["specs/a.yaml", "specs/b.yaml"]
    everything = ["specs/a.yaml", "specs/b.yaml", "specs/inner/c.yaml", "specs/inner/run/spec.yaml"]
    assert checked("specs/**/*.yaml") == everything
    assert checked("specs/inner/*") == everything[2:]
    assert checked("specs/[b]*") == ["specs/b.yaml"]
    # Each spec is checked once, however it is named.
    assert checked("specs/b.yaml", "specs/*.yaml", "./specs/b.yaml") == [
        "specs/b.yaml",
        "specs/a.yaml",
    ]


def test_a_file_whose_name_looks_like_a_pattern_is_a_file(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write(**{"net[1]": FINE, "net1": WRONG})
    said = Said(capsys, "net[1].yaml")
    assert said.code == 0
    assert said.out.startswith("fine: x 4 → output 2\n")


@pytest.mark.parametrize(
    ("spec", "message", "help_"),
    [
        ("specs/*.yml", "no file fits specs/*.yml", "'specs/**/*.yaml'"),
        ("specs", "cannot read specs: it is a directory", "'specs/**/*.yaml'"),
        ("specs/", "cannot read specs/: it is a directory", "'specs/**/*.yaml'"),
    ],
)
def test_what_names_no_file_is_said_with_the_pattern_to_write(
    capsys: pytest.CaptureFixture[str], spec: str, message: str, help_: str
) -> None:
    Path("specs").mkdir()
    write(fine=FINE)
    said = Said(capsys, spec, "fine.yaml")
    assert said.code == 3
    assert f"error[E001]: {message}\n" in said.err
    assert help_ in said.err.split("= help: ")[1]
    assert "fine.yaml: fine" in said.out


def test_a_link_to_itself_is_no_file(capsys: pytest.CaptureFixture[str]) -> None:
    write(fine=FINE)
    Path("loop.yaml").symlink_to("loop.yaml")
    said = Said(capsys, "loop.yaml", "fine.yaml")
    assert said.code == 3
    assert "fine.yaml: fine" in said.out
    assert "error[E001]: cannot read loop.yaml" in said.err


def test_a_run_directory_is_a_spec(capsys: pytest.CaptureFixture[str]) -> None:
    Path("run").mkdir()
    Path("run/spec.yaml").write_text(FINE, encoding="utf-8")
    assert Said(capsys, "run").code == 0


def test_a_library_is_judged_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    write(library=LIBRARY)
    said = Said(capsys, "library.yaml")
    assert (said.code, said.out, said.err) == (0, "library.yaml: a library of 2 blocks\n", "")
    made = json.loads(Said(capsys, "library.yaml", "--format", "json").out)
    assert (made["ok"], made["library"]) == (True, ["act", "fc"])
    write(fine=FINE)
    spec = json.loads(Said(capsys, "fine.yaml", "--format", "json").out)
    assert spec["library"] is None
    assert spec.keys() == made.keys()


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        ("blocks:\n  act: {layers: [rellu]}\n", 2, "E105"),
        ("defaults: {conv2d: {bais: false}}\nblocks: {act: {layers: [relu]}}\n", 1, "E101"),
        ("blocks: {act: {layers: [relu], input: [a]}}\n", 1, "E101"),
        ("expect: {params: 3}\nblocks: {act: {layers: [relu]}}\n", 1, "E101"),
        ("include: [missing.yaml]\nblocks: {act: {layers: [relu]}}\n", 1, "E001"),
        ("params: {a: =1 +}\nblocks: {act: {layers: [relu]}}\n", 1, "E112"),
        ("blocks:\n  a: {layers: [relu]}\n  a: {layers: [tanh]}\n", 3, "E005"),
        ("blocks:\n  act:\n    params: {slope: 1}\n    layers: [relu]\n", 3, "W101"),
        ("blocks:\n  act: {layers: [relu]} # archspec: ignore\n", 2, "W001"),
    ],
)
def test_the_faults_of_a_library_are_found(
    capsys: pytest.CaptureFixture[str], text: str, line: int, code: str
) -> None:
    write(library=text)
    made = json.loads(Said(capsys, "library.yaml", "--format", "json").out)
    found = {(fault["line"], fault["code"]) for fault in made["diagnostics"]}
    assert (line, code) in found
    assert "E102" not in {code for _, code in found}
    assert made["ok"] == code.startswith("W")


def test_a_library_is_no_spec_to_train(capsys: pytest.CaptureFixture[str]) -> None:
    write(library=LIBRARY)
    assert main(["draw", "library.yaml"]) == 1
    assert "this is a library of blocks, not a spec" in capsys.readouterr().err


def test_all_variants_are_checked_and_what_they_share_is_said_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write(family=FAMILY)
    said = Said(capsys, "family.yaml", "--all-variants")
    assert said.code == 1
    assert said.out == (
        "family.yaml: fine, 10 parameters, 8 multiply-adds\n"
        "family.yaml (wide): fine, 15 parameters, 12 multiply-adds\n"
        "family.yaml (bad): 1 error\n"
        "family.yaml (worse): 1 error\n"
        "\n"
        "4 specs: 2 fine, 2 with errors (2 errors)\n"
    )
    assert said.err.count("error[E103]") == 1


def test_all_variants_of_a_shipped_family_are_fine(capsys: pytest.CaptureFixture[str]) -> None:
    said = Said(capsys, "resnet", "--all-variants", "--format", "json")
    made = json.loads(said.out)
    names = [spec["variant"] for spec in made]
    assert said.code == 0
    assert names == [None, *compile_spec(made[0]["file"]).variants]
    assert len(names) == 17
    assert {spec["variant"]: spec["params"]["total"] for spec in made}["resnet18"] == 11_689_512


def test_strict_makes_warnings_count(capsys: pytest.CaptureFixture[str]) -> None:
    write(doubtful=DOUBTFUL, fine=FINE)
    assert Said(capsys, "doubtful.yaml").code == 0
    assert Said(capsys, "doubtful.yaml", "--strict").code == 1
    assert Said(capsys, "fine.yaml", "--strict").code == 0


@pytest.mark.parametrize("lists", [["W101"], ["W102,W101"], ["W102", "W101"], ["W102, W101"]])
def test_warnings_that_are_ignored_are_not_there(
    capsys: pytest.CaptureFixture[str], lists: list[str]
) -> None:
    write(doubtful=DOUBTFUL)
    options = [option for list_ in lists for option in ("--ignore", list_)]
    said = Said(capsys, "doubtful.yaml", "--strict", *options)
    assert (said.code, said.err) == (0, "")
    for format_ in ("json", "sarif", "github"):
        assert "W101" not in Said(capsys, "doubtful.yaml", "--format", format_, *options).out
    assert Said(capsys, "doubtful.yaml", "--ignore", "W102").err.startswith("warning[W101]")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--ignore", "E105"], "--ignore: E105 is an error, which cannot be ignored"),
        (["--ignore", "W101,W999"], "--ignore: there is no warning `W999`"),
        (["--all-variants", "--variant", "wide"], "--all-variants is all of them"),
        (["--variant", "wdie"], "did you mean `wide`?"),
        (["other.yaml", "--set", "units=3"], "other.yaml: --set units: the spec has no parameter"),
        (["library.yaml", "--variant", "wide"], "library.yaml has no variant `wide`"),
    ],
)
def test_wrong_usage_of_several_is_exit_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    write(family=FAMILY, other=FINE, library=LIBRARY)
    said = Said(capsys, "family.yaml", *arguments)
    assert said.code == 2
    assert message in said.err
    assert said.out == ""


@pytest.mark.parametrize("format_", ["table", "text", "json", "sarif", "github"])
def test_an_internal_error_is_one_specs_and_loses_no_other(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    format_: str,
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("first line\nsecond line")

    monkeypatch.setattr("tempfile.tempdir", str(folder))
    write(fine=FINE, wrong=WRONG, unlucky="name: u\ninputs: {x: [4]}\nlayers: [tanh]\n")
    # Help for misspelt names is worked out once, from the examples of all operators.
    assert Said(capsys, "wrong.yaml").code == 1
    monkeypatch.setattr("archspec.ops.tanh.Tanh.output", broken)
    said = Said(capsys, "unlucky.yaml", "fine.yaml", "wrong.yaml", "--format", format_)
    (log,) = folder.glob("archspec-*.log")
    both = said.out + said.err
    assert said.code == 70
    assert "ZeroDivisionError: first line second line" in both
    assert "E900" in both
    assert str(log) in both
    assert "E105" in both
    assert "Traceback" not in both
    assert "Traceback" in log.read_text(encoding="utf-8")
    if format_ in ("table", "text", "json"):
        assert "fine" in said.out


def test_an_internal_error_is_said_where_no_log_can_be_written(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(folder / "missing"))
    monkeypatch.setattr("archspec.cli.explain.CODES", None)
    assert main(["explain", "E202"]) == 70
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error[E900]: internal error: TypeError: ")
    assert line.endswith("; please report it")


def test_the_fault_of_a_users_own_operator_is_none_of_archspec() -> None:
    Path("gate.py").write_text(
        "from archspec.operator import Operator\n"
        "class Gate(Operator):\n"
        "    def output(self, *inputs):\n"
        "        return 1 / 0\n",
        encoding="utf-8",
    )
    write(own="name: own\ninputs: {x: [4]}\nlayers: [gate]\n", fine=FINE)
    # In a process of its own: operators stay known for as long as one lives.
    done = subprocess.run(
        [sys.executable, "-m", "archspec", "check", "own.yaml", "fine.yaml",
         "--operators", "gate.py"],
        capture_output=True, text=True, check=False, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("error: gate.py, line 4: ZeroDivisionError")
