"""What is given for a spec: patterns among links, and names that no file has or should have."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from archspec.cli import main, targets

FINE = "name: fine\ninputs: {x: [4]}\nlayers: [linear: 2]\n"
FORMATS = ["table", "text", "json", "sarif", "github"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(*paths: str) -> None:
    for path in map(Path, paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(FINE, encoding="utf-8")


def found(pattern: str) -> list[str]:
    return [target.path for target in targets.targets([pattern], None)]


def test_links_to_folders_are_not_followed_at_any_depth() -> None:
    write("specs/a.yaml", "specs/inner/b.yaml", "other/c.yaml")
    for name in ("one", "two", "inner/three"):
        (Path("specs") / name).symlink_to(Path("specs").resolve())
    Path("specs/other").symlink_to(Path("other").resolve())
    Path("link").symlink_to("specs")
    assert found("specs/**/*.yaml") == ["specs/a.yaml", "specs/inner/b.yaml"]
    # One that is named is followed.
    assert found("link/**/*.yaml") == ["link/a.yaml", "link/inner/b.yaml"]
    assert found("specs/o*/c.yaml") == ["specs/other/c.yaml"]


def test_folders_at_any_depth_may_stand_anywhere_in_a_pattern(folder: Path) -> None:
    write("a.yaml", "x/b.yaml", "x/y/c.yaml", "x/[1]/d.yaml", ".git/e.yaml")
    everything = ["a.yaml", "x/[1]/d.yaml", "x/b.yaml", "x/y/c.yaml"]
    assert found("**/*.yaml") == found("**/**/*.yaml") == found("**") == everything
    assert found("x/**") == everything[1:]
    assert found("**/y/**/c.yaml") == ["x/y/c.yaml"]
    assert found(f"{folder}/**/c.yaml") == [f"{folder}/x/y/c.yaml"]


def test_folders_that_nest_deeper_than_python_does_are_looked_through() -> None:
    deep = Path(*["d"] * 1500)
    for folder in (*reversed(deep.parents), deep):
        folder.mkdir(exist_ok=True)
    write(f"{deep}/a.yaml")
    assert found("**/*.yaml") == [f"{deep}/a.yaml"]
    (deep / "a.yaml").unlink()
    os.removedirs(deep)  # what cleans up after tests is not up to it


def test_a_pattern_that_fits_too_many_files_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a.yaml", "b.yaml", "c.yaml")
    monkeypatch.setattr(targets, "MOST", 3)
    assert main(["check", "*.yaml"]) == 0
    monkeypatch.setattr(targets, "MOST", 2)
    assert main(["check", "*.yaml"]) == 2
    assert "error: 3 files fit *.yaml, which is more than 2\n" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["check", "draw", "export", "train"])
def test_an_empty_name_is_wrong_usage(capsys: pytest.CaptureFixture[str], command: str) -> None:
    write("spec.yaml")  # which is what a folder with a run is known by
    for arguments in ([""], ["spec.yaml", "-o", ""]):
        if command == "check" and len(arguments) > 1:
            continue
        with pytest.raises(SystemExit) as caught:
            main([command, *arguments])
        assert caught.value.code == 2
        assert "takes the name of a file, not an empty text" in capsys.readouterr().err


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("name", ["x" * 300, f"{'x' * 300}/*.yaml", f"{'x' * 300}.yaml"])
def test_a_name_that_is_too_long_is_the_fault_of_that_spec(
    capsys: pytest.CaptureFixture[str], format_: str, name: str
) -> None:
    write("fine.yaml")
    assert main(["check", name, "fine.yaml", "--format", format_]) == 3
    out, err = capsys.readouterr()
    assert "E001" in out + err
    assert "'specs/**/*.yaml'" in out + err if "*" in name else "file name too long" in out + err
    if format_ == "json":
        assert [spec["ok"] for spec in json.loads(out)] == [False, True]


def test_other_commands_say_it_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", "x" * 300]) == 3
    err = capsys.readouterr().err
    assert err.startswith("error[E001]: cannot read xxx")
    assert "= help: give the path of a YAML file" in err


def test_what_the_system_refuses_in_one_spec_is_the_fault_of_that_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError(5, "Input/output error", "data.csv")

    monkeypatch.setattr("archspec.ops.tanh.Tanh.output", broken)
    write("fine.yaml")
    Path("bad.yaml").write_text(FINE.replace("linear: 2", "tanh"), encoding="utf-8")
    assert main(["check", "bad.yaml", "fine.yaml"]) == 3
    out, err = capsys.readouterr()
    assert "error[E001]: cannot read data.csv: input/output error\n  --> bad.yaml:1:1" in err
    assert "fine.yaml: fine" in out


@pytest.mark.parametrize("format_", FORMATS[:2])
def test_no_name_of_a_file_can_command_the_terminal(
    capsys: pytest.CaptureFixture[str], format_: str
) -> None:
    names = ["a\n::error::b\x1b[31m.yaml", "fine.yaml"]
    write(*names)
    for text in (FINE, "name: [\n", "blocks: {act: {layers: [relu]}}\n"):
        Path(names[0]).write_text(text, encoding="utf-8")
        main(["check", *names, "--format", format_])
        both = "".join(capsys.readouterr())
        assert "\x1b" not in both
        assert "\n::error" not in both
        # The table of a sound spec is headed by the network's name.
        assert "a␊::error::b␛[31m.yaml: " in both or (text, format_) == (FINE, "table")
    assert main(["check", names[0], "--variant", "wide"]) == 2
    assert capsys.readouterr().err.startswith("error: a␊::error::b␛[31m.yaml has no variant")
