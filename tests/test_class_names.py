"""`classes: names.txt`: names of classes from a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from archspec.diagnostics import SpecError
from archspec.frontend import Compiled, compile_spec, compile_text

SPEC = (
    "name: net\ninputs: {x: [4]}\nlayers: [linear: 3]\n"
    "train: {epochs: 1, data: {npz: a.npz, classes: CLASSES}}\n"
)


def compiled(folder: Path, classes: str, *, allow_outside: bool = False) -> Compiled:
    folder.mkdir(exist_ok=True)
    (folder / "net.yaml").write_text(SPEC.replace("CLASSES", classes), encoding="utf-8")
    return compile_spec(str(folder / "net.yaml"), allow_outside=allow_outside)


def classes(made: Compiled) -> list[str] | None:
    assert made.train is not None
    return made.train.data.classes


@pytest.mark.parametrize("text", ["빨강\n파랑\n3\n", "\ufeff빨강\r\n  파랑 \r\n\r\n3"])
def test_each_line_is_a_name_that_becomes_part_of_the_spec(text: str, tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_bytes(text.encode())
    made = compiled(tmp_path, "names.txt")
    assert classes(made) == ["빨강", "파랑", "3"]
    (tmp_path / "names.txt").unlink()
    assert classes(compile_text(made.resolved, "elsewhere.yaml")) == ["빨강", "파랑", "3"]


def test_the_path_is_relative_to_the_file_that_says_it(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "names.txt").write_text("a\nb\n")
    compiled(tmp_path / "base", "names.txt")
    (tmp_path / "own.yaml").write_text("name: own\nextends: base/net.yaml\n")
    assert classes(compile_spec(str(tmp_path / "own.yaml"))) == ["a", "b"]


@pytest.mark.parametrize(
    ("named", "code", "message"),
    [
        ("none.txt", "E001", "no such file"),
        (".", "E001", "it is a directory"),
        ("one.txt", "E103", "must be a list of at least 2"),
        ("../names.txt", "E009", "is outside of the project"),
        ("'a\\0b'", "E001", "is not the path of a file"),
    ],
)
def test_what_cannot_be_read_is_told_where_it_is_named(
    named: str, code: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "names.txt").write_text("a\nb\n")
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "one.txt").write_text("a\n")
    with pytest.raises(SpecError) as caught:
        compiled(inner, named.replace("'", '"'))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == code
    assert message in diagnostic.message
    assert (diagnostic.span.line, diagnostic.span.column) == (4, 48)


def test_a_file_outside_of_the_project_can_be_allowed(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("a\nb\n")
    assert classes(compiled(tmp_path / "inner", "../names.txt", allow_outside=True)) == ["a", "b"]
