"""Limits: what the defaults hold back, what raising them lets through, and what is said of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from test_cli import archspec
from test_files import BACKBONE, project

from archspec.cli import COMMANDS, main
from archspec.diagnostics import Diagnostic, Severity
from archspec.frontend import Compiled
from archspec.frontend.compiler import analyse_spec, analyse_text
from archspec.frontend.limits import LIMITS, Limits, allow, flag

HEAD = "name: a\ninputs: {x: [4]}\n"


def nested(before: str, core: str, after: str, times: int) -> str:
    return before * times + core + after * times


def analysed(text: str, **limits: int) -> Compiled:
    return analyse_text(f"{HEAD}{text}", "a.yaml", limits=Limits(**limits))


def errors(compiled: Compiled) -> list[Diagnostic]:
    return [fault for fault in compiled.diagnostics if fault.severity is Severity.ERROR]


def refused(text: str, **limits: int) -> Diagnostic:
    """Returns the only error of a spec."""
    (fault,) = errors(analysed(text, **limits))
    return fault


SMALL: Sequence[tuple[str, int, int, Callable[[int], str], str]] = [
    ("nodes", 20, 21, lambda n: f"layers: [linear: {{repeat: {n}, out_features: 4}}]", "E008"),
    (
        "nodes",
        20,
        21,
        lambda n: f"layers: [linear: {{repeat: {n - 1}, out_features: 4}}, tanh, tanh]",
        "E008",
    ),
    ("nodes", 20, 21, lambda n: f"layers: [concat: {{each: {{a: {[*range(n)]}}}, path: [tanh]}}]",
     "E008"),
    ("depth", 20, 24, lambda n: f"layers: [{nested('residual: [', 'tanh', ']', n // 2 - 1)}]",
     "E008"),
    (
        "depth",
        20,
        22,
        lambda n: "blocks:\n  b0: {layers: [tanh]}\n"
        + "".join(f"  b{i + 1}: {{layers: [b{i}]}}\n" for i in range(n - 2))
        + f"layers: [b{n - 2}]",
        "E008",
    ),
    (
        "depth",
        20,
        22,
        lambda n: "params:\n  p0: [4]\n"
        + "".join(f'  p{i + 1}: "=[p{i}]"\n' for i in range(n - 1))
        + f"layers: [linear: '=p{n - 1}{'[0]' * n}']",
        "E112",
    ),
    ("values", 20, 30, lambda n: f"layers: [{', '.join(['tanh'] * (n - 10))}]", "E008"),
    ("integer", 1000, 1001, lambda n: f"layers: [linear: =0 * ({n - 1} + 1) + 4]", "E112"),
    ("list_length", 20, 21, lambda n: f"layers: [linear: '=len([{'1, ' * n}])']", "E112"),
    (
        "list_length",
        20,
        21,
        lambda n: f"params: {{a: [{'1, ' * n}], b: [=a]}}\nlayers: [linear: '=len(b[0])']",
        "E112",
    ),
    ("formula_depth", 20, 30, lambda n: f"layers: [linear: ={nested('(', '4', ')', n - 1)}]",
     "E112"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "least", "wanted", "text", "code"), SMALL)
def test_a_limit_refuses_what_is_beyond_it_and_names_its_flag(
    name: str, least: int, wanted: int, text: Callable[[int], str], code: str
) -> None:
    given: dict[str, Any] = {name: least}
    fault = refused(text(wanted), **given)
    assert fault.code == code
    assert flag(name) in fault.help
    assert all(fault.code != code for fault in analysed(text(least - 5), **given).diagnostics)
    raised: dict[str, Any] = {name: wanted + 1}
    assert analysed(text(wanted), **raised).ok


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("layers: [tanh: {repeat: 30_000}]", "nodes"),
        (f"params: {{p: {nested('[', '4', ']', 500)}}}\nlayers: [tanh]", "depth"),
        (f"layers: [{nested('residual: [', 'tanh', ']', 100)}]", "depth"),
        ("layers: [linear: =10_000_000_000 * 10_000_000_000 * 0 + 4]",
         "integer"),
    ],
)  # fmt: skip
def test_the_value_that_is_advised_is_enough(text: str, name: str) -> None:
    fault = refused(text)
    advised = re.search(rf"allow more with {flag(name)} ([\d_]+)", fault.help)
    assert advised
    raised: dict[str, Any] = {name: int(advised[1])}
    assert analysed(text, **raised).ok


DEEP = {
    "lists": ("params: {p: PART}\nlayers: [tanh]", "[", "1", "]", 1),
    "mappings": ("params: {p: PART}\nlayers: [tanh]", "{a: ", "1", "}", 1),
    "residuals": ("layers: [PART]", "residual: [", "tanh", "]", 2),
    "bodies": ("layers: [PART]", "residual: {body: [", "tanh", "]}", 3),
    "merges": ("layers: [PART]", "add: {a: [", "tanh", "], b: []}", 8),
    "groups": ("layers: [PART]", "group: {name: g, layers: [", "tanh", "]}", 3),
    "inputs": ("layers: [PART]", "tanh: {input: [", "tanh", "]}", 3),
}


@pytest.mark.parametrize("what", DEEP)
def test_what_nests_as_deep_as_can_be_allowed_is_compiled(what: str) -> None:
    text, before, core, after, levels = DEEP[what]
    most = LIMITS["depth"].most
    text = text.replace("PART", nested(before, core, after, most // levels - 5))
    made = analysed(text, depth=most)
    assert made.ok
    again = analyse_text(made.resolved, "b.yaml", limits=Limits(depth=most))
    assert [node.path for node in again.graph.nodes] == [node.path for node in made.graph.nodes]
    assert refused(text).code == "E008"


def test_blocks_that_call_one_another() -> None:
    blocks = "".join(f"  b{i + 1}: {{layers: [b{i}]}}\n" for i in range(350))
    text = f"blocks:\n  b0: {{layers: [tanh]}}\n{blocks}layers: [b350]"
    assert analysed(text, depth=400).ok
    assert refused(text).code == "E008"


@pytest.mark.parametrize(
    ("before", "core", "after"),
    [("(", "4", ")"), ("max(1, ", "4", ")"), ("3 if false else ", "4", "")],
)
def test_a_formula_that_nests_as_deep_as_can_be_allowed(before: str, core: str, after: str) -> None:
    most = LIMITS["formula_depth"].most
    text = f'layers: [linear: "={nested(before, core, after, most - 1)}"]'
    assert analysed(text, formula_depth=most).ok
    assert refused(text).code == "E112"


def test_only_as_many_mistakes_are_reported_as_are_allowed() -> None:
    text = "layers:\n" + "".join(f"  - tanh: {{from: y{i}}}\n" for i in range(150))
    found = analysed(text).diagnostics
    assert [fault.code for fault in found] == ["E106"] * 100 + ["E008"]
    assert found[-1].help == "mend these first, or allow more with --max-errors N"
    assert [fault.code for fault in analysed(text, errors=150).diagnostics] == ["E106"] * 150


def test_one_mistake_in_many_turns_is_one() -> None:
    text = "blocks: {b: {layers: [linear: =none]}}\nlayers: [b: {repeat: 500}]"
    assert refused(text).code == "E112"


def test_files(tmp_path: Path) -> None:
    body = (
        "layers: [use: {name: l, spec: back.yaml}, use: {name: r, spec: back.yaml, from: image}]\n"
    )
    main = str(
        project(tmp_path, back=BACKBONE, main=f"name: a\ninputs: {{image: [3, 32, 32]}}\n{body}")
    )
    (fault,) = analyse_spec(main, limits=Limits(files=1)).diagnostics
    assert (fault.code, flag("files") in fault.help) == ("E008", True)
    assert analyse_spec(main, limits=Limits(files=2)).ok


def test_files_in_a_row(tmp_path: Path) -> None:
    files = {f"f{i}": f"name: a\nextends: f{i + 1}.yaml\n" for i in range(150)}
    files["f150"] = f"{HEAD}layers: [tanh]\n"
    main = str(project(tmp_path, main="name: a\nextends: f0.yaml\n", **files))
    (fault,) = analyse_spec(main).diagnostics
    assert (fault.code, flag("chain") in fault.help) == ("E008", True)
    assert analyse_spec(main, limits=Limits(chain=200)).ok


def test_the_size_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_text(f"{HEAD}layers: [tanh]\n{'# comment' * 100}\n" + "#\n" * 5_000_000)
    size = path.stat().st_size
    assert size > 10_000_000
    done = archspec("check", str(path))
    assert done.returncode == 1
    assert "error[E008]: the file has more than 4,194,304 bytes" in done.stderr
    assert f"allow more with --max-bytes {size:_}" in done.stderr
    assert archspec("check", str(path), "--max-bytes", f"{size:_}").returncode == 0
    assert archspec("check", str(path), "--max-bytes", str(size - 1)).returncode == 1


def test_the_command_line_raises_limits(tmp_path: Path) -> None:
    path = tmp_path / "deep.yaml"
    path.write_text(f"{HEAD}layers: [{nested('residual: [', 'tanh', ']', 900)}]\n")
    done = archspec("check", str(path))
    assert done.returncode == 1
    assert "allow more with --max-depth 1_802" in done.stderr
    done = archspec("check", str(path), "--max-depth", "1_802")
    assert (done.returncode, done.stderr) == (0, "")


def test_many_nodes(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_text(f"{HEAD}layers: [linear: {{repeat: 30_000, out_features: 4}}]\n")
    assert "allow more with --max-nodes 30_000" in archspec("check", str(path)).stderr
    assert archspec("check", str(path), "--max-nodes", "200_000").returncode == 0


@pytest.mark.parametrize("name", LIMITS)
def test_a_flag_takes_no_more_than_is_safe(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    most = LIMITS[name].most
    for wrong in (str(most + 1), "0", "-1", "1.5", "many", "9" * 5000):
        with pytest.raises(SystemExit) as left:
            main(["check", "lenet5", flag(name), wrong])
        assert left.value.code == 2
        assert f"takes a whole number from 1 to {most:_}" in capsys.readouterr().err
    assert allow(name, most).removesuffix(LIMITS[name].yet).endswith(f" {most:_}")
    assert allow(name, most + 1) == f"{flag(name)} goes up to {most:_}: {LIMITS[name].because}"


def test_every_limit_is_documented_and_has_a_flag_in_every_command_that_reads_a_spec() -> None:
    assert tuple(LIMITS) == Limits._fields
    readers = {"train", "export", "draw", "data", "verify"}
    assert readers <= set(COMMANDS)
    shown = archspec("check", "--help").stdout
    assert all(flag(name) in shown for name in LIMITS)
    every = [word for name in LIMITS for word in (flag(name), "1")]
    for command in readers:
        more = ["--onnx"] if command == "export" else []
        assert main([command, "none.yaml", *more, *every]) == 3  # there is no such file
        assert "archspec check --help shows the flags" in archspec(command, "--help").stdout
    page = archspec("explain", "limits").stdout
    assert all(flag(name) in page and f"{getattr(Limits(), name):_}" in page for name in LIMITS)


def test_what_cannot_be_raised_says_why() -> None:
    text = "name: a\ninputs: {x: [3_000_000_000]}\nlayers: [tanh]\n"
    (fault,) = analyse_text(text, "a.yaml").diagnostics
    assert fault.help == "a size is at most 2,147,483,647: PyTorch counts with 32 bits in places"
    text = (
        "name: a\ninputs: {x: [H]}\nlayers: [linear: '=in.features" + " * in.features" * 12 + "']\n"
    )
    (fault,) = analyse_text(text, "a.yaml").diagnostics
    assert "take too long to compute" in fault.help


def test_a_library_has_the_limits_of_a_spec() -> None:
    text = "blocks: {b: {layers: [linear: =1001]}}\n"
    assert analyse_text(text, "a.yaml").ok
    (fault,) = errors(analyse_text(text, "a.yaml", limits=Limits(integer=1000)))
    assert flag("integer") in fault.help


def test_the_search_for_the_least_input_is_no_mistake() -> None:
    layers = "".join(f"  - linear: {{from: m{i}, out_features: 3}}\n" for i in range(99))
    text = f"name: a\ninputs: {{x: [1, 4, 4]}}\nlayers:\n  - max_pool2d: 9\n{layers}"
    found = [fault.code for fault in errors(analyse_text(text, "a.yaml"))]
    assert (found.count("E203"), found.count("E106"), len(found)) == (1, 99, 100)
