"""Warnings are silenced by comments, by code, for a line or a file; errors never are."""

from pathlib import Path

import pytest

from archspec.frontend.compiler import analyse_spec, analyse_text

HEAD = "name: a\ninputs: {image: [3, 8, 8]}\n"
LINEAR = f"{HEAD}layers:\n  - linear: 10%s\n  - linear: {{out_features: 5}}\n"


def found(text: str) -> list[tuple[str, int]]:
    return [(d.code, d.span.line) for d in analyse_text(text, "a.yaml").diagnostics]


@pytest.mark.parametrize(
    ("comment", "wanted"),
    [
        ("", [4, 5]),
        (" # archspec: ignore[W201]", [5]),
        (" #archspec: ignore[W101, W201]", [5]),
        (" # so it is in the paper # archspec: ignore[W201]", [5]),
        (" # archspec: ignore[W101]", [4, 5]),
        (" # archspec: ignore-file[W201]", []),
        ("\n# archspec: ignore-file[W101,W201]", []),
        # A comment on a line of its own speaks of that line alone.
        ("\n  # archspec: ignore[W201]", [4, 6]),
        (" # archspec ignore W201", [4, 5]),
        (" # archspec:ignore[W201]", [5]),
        (" #  archspec:  ignore[W201]", [5]),
    ],
)
def test_a_comment_silences_its_codes(comment: str, wanted: list[int]) -> None:
    lines = [line for code, line in found(LINEAR % comment) if code == "W201"]
    assert lines == wanted


@pytest.mark.parametrize(
    ("comment", "column", "wanted"),
    [
        ("# archspec: ignore", 18, "does not say which warnings it ignores"),
        ("# archspec: ignore[]", 18, "does not say which warnings it ignores"),
        ("# archspec: ignore-file", 18, "does not say which warnings it ignores"),
        ("# archspec: ignore[W201, W999]", 41, "there is no warning `W999`"),
        ("# archspec: ignore[E203,W201]", 35, "E203 is an error, which cannot be ignored"),
        ("# archspec: ignore[w201]", 35, "there is no warning `w201`"),
        ("# archspec: ignored[W201]", 18, "`ignored` ignores nothing"),
        ("# archspec: ignore_file[W201]", 18, "`ignore_file` ignores nothing"),
        ("# archspec: Ignore[W201]", 18, "`Ignore` ignores nothing"),
    ],
)
def test_a_comment_that_ignores_nothing_is_reported(comment: str, column: int, wanted: str) -> None:
    diagnostics = analyse_text(LINEAR % f" {comment}", "a.yaml").diagnostics
    (warning,) = (d for d in diagnostics if d.code == "W001")
    assert wanted in warning.message
    assert (warning.span.line, warning.span.column) == (4, column)


def test_an_error_cannot_be_silenced() -> None:
    text = "name: a\ninputs: {x: [3]}\nlayers:\n  - relux # archspec: ignore[E105]\n"
    assert sorted(found(text)) == [("E105", 4), ("W001", 4)]


BLOCKS = """blocks:
  wide:
    layers:
      - linear: 10
"""


@pytest.mark.parametrize(
    ("in_block", "first", "second", "warns"),
    [
        ("", "", "", True),
        (" # archspec: ignore[W201]", "", "", False),
        ("", " # archspec: ignore[W201]", "", True),
        ("", " # archspec: ignore[W201]", " # archspec: ignore[W201]", False),
    ],
)
def test_a_warning_in_a_block_is_silenced_there_or_for_each_call(
    tmp_path: Path, in_block: str, first: str, second: str, warns: bool
) -> None:
    (tmp_path / "blocks.yaml").write_text(BLOCKS.replace("10", f"10{in_block}"))
    spec = tmp_path / "a.yaml"
    spec.write_text(
        "name: a\ninputs: {image: [3, 8, 8]}\ninclude: [blocks.yaml]\nlayers:\n"
        f"  - wide{first}\n  - relu\n  - wide{second}\n"
    )
    diagnostics = analyse_spec(str(spec)).diagnostics
    assert [d.code for d in diagnostics] == ["W201"] * warns
    for warning in diagnostics:
        assert Path(warning.span.file).name == "blocks.yaml"


def test_a_call_that_is_silenced_is_not_named_with_the_others() -> None:
    text = (
        f"name: a\ninputs: {{image: [3, 8, 8]}}\n{BLOCKS}layers:\n"
        "  - wide # archspec: ignore[W201]\n  - relu\n  - wide\n"
    )
    (warning,) = analyse_text(text, "a.yaml").diagnostics
    assert [label.span.line for label in warning.labels] == [10]


@pytest.mark.parametrize(
    "source",
    [
        '"hello\n  # archspec: ignore-file[W201]"',
        "|\n  # archspec: ignore-file[W201]",
        '"write # archspec: ignore-file[W201] there"',
        "a#archspec:ignore-file[W201]",
    ],
)
def test_a_text_is_no_comment(source: str) -> None:
    text = f"source: {source}\n" + LINEAR % ""
    assert [code for code, _ in found(text) if code != "W207"] == ["W201", "W201"]


def test_a_comment_below_a_text_is_one() -> None:
    text = "source: |\n  some\n  text\n# archspec: ignore-file[W201]\n" + LINEAR % ""
    assert [code for code, _ in found(text)] == ["W207"]


def test_the_comments_of_a_file_are_found_fault_with_within_bounds() -> None:
    faulty = f"# archspec: ignore[{'W9 ' * 100_000}]\n" + "# archspec: ignore[ " * 10_000
    codes = [code for code, _ in found(f"{faulty}\n{LINEAR % ''}")]
    assert 1 < codes.count("W001") <= 20
    assert codes.count("W201") == 2
