"""`archspec draw`, as a user calls it."""

from __future__ import annotations

import os
import shutil
import signal
import struct
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from networks import Builder

from archspec.backends.dot.document import document
from archspec.backends.dot.render import render
from archspec.cli import main
from archspec.ops.add import Add
from archspec.ops.relu import ReLU

SPEC = """\
name: tiny
title: 작은 "그물" <1>
inputs: {image: [1, 6, 6]}
params: {maps: 2}
blocks:
  conv:
    layers: [{conv2d: {out_channels: =maps, kernel_size: 3}}, relu]
layers:
  - conv
  - flatten
  - linear: {name: fc, out_features: 4}
variants:
  wide: {maps: 8}
"""
MAGIC = {
    "svg": b"<?xml",
    "png": b"\x89PNG\r\n",
    "pdf": b"%PDF-",
    "jpg": b"\xff\xd8\xff",
    "eps": b"%!PS-Adobe",
    "dot": b"digraph tiny",
}
with_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with nothing but the spec, which is the current one."""
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(SPEC, encoding="utf-8")
    return tmp_path


@pytest.fixture
def no_dot(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which Graphviz is not installed."""
    monkeypatch.setenv("PATH", "")


def _files() -> set[str]:
    return {path.name for path in Path().iterdir()}


def _program(tmp_path_factory: pytest.TempPathFactory, script: str) -> str:
    """Returns a PATH on which `dot` is a shell script."""
    folder = tmp_path_factory.mktemp("bin")
    dot = folder / "dot"
    dot.write_text(f"#!/bin/sh\n{script}\n")
    dot.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.parametrize(
    ("arguments", "file"),
    [([], "tiny.svg"), (["--variant", "wide"], "tiny-wide.svg"), (["-o", "x.SVG"], "x.SVG")],
)
def test_it_says_what_it_wrote(
    arguments: list[str], file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["draw", "tiny.yaml", *arguments]) == 0
    assert capsys.readouterr().out == f"{file}: 4 layers in 3 boxes\n"
    assert _files() == {"tiny.yaml", file}
    written = "".join(ET.parse(file).getroot().itertext())
    assert '작은 "그물" <1>' in written
    assert ("wide" in written) == ("wide" in file)


@with_dot
@pytest.mark.parametrize("format_", MAGIC)
def test_every_format(format_: str) -> None:
    assert main(["draw", "tiny.yaml", "-o", f"net.{format_}"]) == 0
    assert Path(f"net.{format_}").read_bytes().startswith(MAGIC[format_])


@pytest.mark.usefixtures("no_dot")
@pytest.mark.parametrize("format_", ["svg", "png", "jpg"])
def test_without_graphviz_the_wheel_draws(format_: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", "tiny.yaml", "-o", f"net.{format_}"]) == 0
    assert Path(f"net.{format_}").read_bytes().startswith(MAGIC[format_])
    note = "note: drawn by graphviz-pure, as Graphviz's `dot` is not installed\n"
    assert capsys.readouterr().err == note


@pytest.mark.usefixtures("no_dot")
def test_the_wheel_is_asked_for_a_font_whose_widths_it_knows() -> None:
    assert main(["draw", "tiny.yaml"]) == 0
    families = {element.get("font-family") for element in ET.parse("tiny.svg").iter()} - {None}
    assert families == {"Helvetica,sans-Serif"}


@pytest.mark.usefixtures("no_dot")
def test_the_source_needs_no_graphviz(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", "tiny.yaml", "-o", "net.dot"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("no_dot")
def test_a_pdf_without_graphviz(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", "tiny.yaml", "-o", "net.pdf"]) == 3
    assert capsys.readouterr().err == (
        "error: pdf needs Graphviz, whose program `dot` is not installed\n"
        "   = help: install Graphviz (apt install graphviz, brew install graphviz, "
        "winget install graphviz), or write svg or png\n"
    )
    assert _files() == {"tiny.yaml"}


def test_depth(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", "tiny.yaml", "--depth", "1", "-o", "net.dot"]) == 0
    assert main(["draw", "tiny.yaml", "--depth", "0", "-o", "net.dot"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == ["net.dot: 4 layers in 3 boxes", "net.dot: 4 layers in 1 box"]


@pytest.mark.parametrize("file", ["net.foo", "net", ".svg", "svg"])
def test_an_unknown_suffix(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", "tiny.yaml", "-o", file]) == 2
    assert capsys.readouterr().err == (
        f"error: cannot tell a picture's format from `{file}`\n"
        "   = help: end it in .svg, .png, .pdf, .jpg, .eps, .dot\n"
    )


@pytest.mark.parametrize("depth", ["-1", "x", "1.5", ""])
def test_a_depth_is_a_natural_number(depth: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["draw", "tiny.yaml", f"--depth={depth}"])
    assert f"a depth is 0, 1, 2, …, not `{depth}`" in capsys.readouterr().err


def test_a_place_that_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    Path("folder.svg").mkdir()
    for file in ("none/net.svg", "folder.svg"):
        assert main(["draw", "tiny.yaml", "-o", file]) == 3
        assert capsys.readouterr().err.startswith(f"error: cannot write {file}: ")
    assert _files() == {"tiny.yaml", "folder.svg"}
    assert not any(Path("folder.svg").iterdir())


def test_a_failing_graphviz_leaves_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = _program(tmp_path_factory, "echo half a picture; echo out of memory >&2; exit 3")
    monkeypatch.setenv("PATH", path)
    Path("old.svg").write_text("old")
    assert main(["draw", "tiny.yaml", "-o", "old.svg"]) == 3
    assert capsys.readouterr().err.endswith("dot failed with exit code 3: out of memory\n")
    assert _files() == {"tiny.yaml", "old.svg"}
    assert Path("old.svg").read_text() == "old"


def test_an_interrupt_leaves_nothing(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = _program(tmp_path_factory, f"touch {folder}/started; exec sleep 60")
    run = subprocess.Popen(
        [sys.executable, "-m", "archspec", "draw", "tiny.yaml"],
        env=os.environ | {"PATH": path},
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 30
    while not (folder / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=30)
    assert (run.returncode, said) == (130, b"interrupted\n")
    assert _files() == {"tiny.yaml", "started"}


def test_a_bitmap_is_never_too_large_to_open() -> None:
    net = Builder("tall")
    first = value = net.input("x", 4)
    for index in range(420):
        value = net.add(f"add_{index}", Add(), value, value)
        value = net.add(f"relu_{index}", ReLU(), value)
    net.graph.outputs = {"y": net.add("last", Add(), value, first)}
    content = render(document(net.graph).source, "png").content
    width, height = struct.unpack(">II", content[16:24])
    assert 15_000 < max(width, height) <= 16_000


def test_neither_torch_nor_onnx_is_imported(folder: Path) -> None:
    program = (
        "import sys; from archspec.cli import main; main(['draw', 'tiny.yaml']); "
        "sys.exit(bool({'torch', 'onnx', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
    assert (folder / "tiny.svg").exists()
