"""Broken specs of every kind end in sound diagnostics where the mistake is, never in an exception.

This is a short run of `tools/mutate.py`.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from mutants.hostile import HOSTILE
from mutants.judging import judge
from mutants.keeping import keep, kept
from mutants.lines import EDITS
from mutants.making import KINDS, Mutant, make
from mutants.seeds import Seed, seeds
from mutants.texts import CHANGES

from archspec.cli.check import FORMATS

ROOT = Path(__file__).parent.parent
SEED = 4
LOCAL = 8
"""How many mutants there are of each kind that changes one line."""


def numbers(kind: str, count: int) -> list[int]:
    """Returns the numbers of the first mutants of a kind."""
    rounds = range(0, count * len(KINDS), len(KINDS))
    of_kind = [at for at, other in enumerate(KINDS) if other == kind]
    return [start + at for start in rounds for at in of_kind][:count]


@pytest.mark.parametrize("seed", [s for group in seeds()[1:] for s in group], ids=lambda s: s.name)
def test_the_specs_that_are_broken_are_valid(seed: Seed) -> None:
    whole = Mutant("whole", "none", seed.name, seed.text.encode(), seed.files, seed.variant)
    verdict = judge(whole, "json")
    assert (verdict.outcome, verdict.failures, verdict.story) == ("accepted", (), "")


@pytest.mark.parametrize("kind", EDITS)
def test_a_changed_line_is_taken_or_refused_where_it_is(kind: str) -> None:
    places: Counter[str] = Counter()
    for number in numbers(kind, LOCAL):
        verdict = judge(make(SEED, number), FORMATS[number % len(FORMATS)])
        assert verdict.failures == ()
        places[verdict.where or ""] += 1
    assert places["elsewhere"] <= 1


@pytest.mark.parametrize(
    ("layers", "line", "words", "expected"),
    [
        ("  - rellu\n  - tanh\n", 4, (), "there"),
        ("  - relu: {name: b}\n  - tanh: {from: a}\n", 4, ("a", "b"), "refers"),
        ("  - max_pool2d: 9\n  - max_pool2d: 9\n", 2, (), "follows"),
        ("  - relu\n  - tannh\n", 4, ("relu",), "elsewhere"),
        ("  - relu\n  - relu: {form: x}\n", 4, ("relu",), "elsewhere"),
    ],
)
def test_where_an_error_is(layers: str, line: int, words: tuple[str, ...], expected: str) -> None:
    text = f"name: a\ninputs: {{x: [3, 8, 8]}}\nlayers:\n{layers}"
    mutant = Mutant("m", "none", "hand", text.encode(), {}, None, (line,), words)
    assert judge(mutant, "text").where == expected


def test_the_command_judges_keeps_and_replays(tmp_path: Path) -> None:
    hostile = make(SEED, KINDS.index("repeat"))
    assert kept(keep(hostile, tmp_path)) == hostile
    tool = [
        sys.executable,
        str(ROOT / "tools" / "mutate.py"),
        "--jobs",
        "1",
        "--keep",
        str(tmp_path),
    ]
    for arguments in (
        ["--mutants", "3", "--seed", str(SEED)],
        ["--replay", str(tmp_path / f"{hostile.name}.json")],
    ):
        done = subprocess.run([*tool, *arguments], capture_output=True, encoding="utf-8")
        assert "\n0 failures\n" in done.stdout, done.stdout + done.stderr
        assert done.returncode == 0


@pytest.mark.parametrize("kind", CHANGES)
def test_a_broken_file_is_taken_or_refused(kind: str) -> None:
    for number in numbers(kind, 6):
        assert judge(make(SEED, number), FORMATS[number % len(FORMATS)]).failures == ()


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_spec_is_taken_or_refused(kind: str) -> None:
    (number,) = numbers(kind, 1)
    assert judge(make(SEED, number), FORMATS[number % len(FORMATS)]).failures == ()
