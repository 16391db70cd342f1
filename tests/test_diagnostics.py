"""Faulty specs: each `# error: CODE` comment of `tests/invalid` is an error on its line."""

import re
from pathlib import Path

import pytest

from archspec.diagnostics.codes import CODES
from archspec.diagnostics.render import render
from archspec.frontend.compiler import analyse_spec, analyse_text

INVALID = sorted((Path(__file__).parent / "invalid").glob("*.yaml"))
COMMENT = re.compile(r"# error: (E\d+)")


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_every_fault_is_found_at_its_line_and_no_other(path: Path) -> None:
    expected = sorted(
        (number, code)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for code in COMMENT.findall(line)
    )
    compiled = analyse_spec(str(path))
    found = sorted((d.span.line, d.code) for d in compiled.diagnostics)
    assert found == expected
    assert not compiled.ok


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_every_fault_names_its_place_and_has_a_short_message(path: Path) -> None:
    for diagnostic in analyse_spec(str(path)).diagnostics:
        assert diagnostic.span.file == str(path)
        assert diagnostic.span.column >= 1
        assert "\n" not in diagnostic.message
        assert len(diagnostic.message) < 160


@pytest.mark.parametrize("code", [code for code in CODES if CODES[code].example])
def test_the_example_of_a_code_has_that_fault_alone(code: str) -> None:
    found = {d.code for d in analyse_text(CODES[code].example, "example.yaml").diagnostics}
    assert found == {code}


@pytest.mark.parametrize("code", [code for code in CODES if CODES[code].example])
def test_nothing_is_said_of_the_mended_example(code: str) -> None:
    compiled = analyse_text(CODES[code].mended, "example.yaml")
    assert compiled.ok
    assert compiled.diagnostics == ()
    for variant in compiled.variants:
        assert analyse_text(CODES[code].mended, "example.yaml", variant=variant).ok


def test_every_code_that_is_used_is_documented_and_the_other_way_round() -> None:
    package = Path(__file__).parent.parent / "archspec"
    used: set[str] = set()
    for path in package.rglob("*.py"):
        if path.parent.name != "codes":
            used |= set(re.findall(r'"([EW]\d{3})"', path.read_text(encoding="utf-8")))
    assert used == set(CODES)


def test_carets_stand_under_wide_characters() -> None:
    text = 'name: a\ntitle: "합성곱 신경망"\ninputs: {"그림": [3]}\nlayers: [relu]\n'
    compiled = analyse_text(text, "a.yaml")
    (fault,) = compiled.diagnostics
    under = render([fault], compiled.sources).splitlines()[4]
    # `inputs: {` is nine columns and the quotes are two; each Korean letter takes two.
    assert under == "  | " + " " * 9 + "^" * 6


def test_colour_is_the_only_difference() -> None:
    compiled = analyse_spec(str(INVALID[0]))
    plain = render(compiled.diagnostics, compiled.sources)
    coloured = render(compiled.diagnostics, compiled.sources, colour=True)
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    assert coloured != plain


def test_a_text_of_several_lines_is_quoted_in_one() -> None:
    (fault,) = analyse_text(
        "name: |\n  a\n  b\ninputs: {x: [3]}\nlayers: [relu]\n", "a.yaml"
    ).diagnostics
    assert "\n" not in fault.message
    assert "a␊b" in fault.message
