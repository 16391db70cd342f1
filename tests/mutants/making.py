"""Makes the mutant of a seed and a number; the same ones give the same mutant."""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from archspec.diagnostics import lines_of
from mutants.hostile import HOSTILE
from mutants.lines import EDITS, WORD
from mutants.seeds import Seed, seeds
from mutants.texts import CHANGES

KINDS = (*[*EDITS] * 30, *[*CHANGES] * 15, *HOSTILE)
"""The kinds of mutants, each as often as it comes in a round."""

TRIES = 100
"""How many lines are tried until a change applies to one."""


class Mutant(NamedTuple):
    """A spec that has been broken.

    Attributes:
        name: The seed and number that it is made of.
        kind: How it was broken.
        origin: The spec that was.
        data: The file.
        files: The other files that it names, by their paths beside it.
        variant: The variant that is checked.
        lines: The numbers of the lines that differ, where that is one line of the original.
        words: The words that stand on that line, before or after.
    """

    name: str
    kind: str
    origin: str
    data: bytes
    files: Mapping[str, str]
    variant: str | None
    lines: tuple[int, ...] = ()
    words: tuple[str, ...] = ()


def make(seed: int, number: int) -> Mutant:
    """Returns a mutant."""
    name, kind = f"{seed}-{number}", KINDS[number % len(KINDS)]
    chance = random.Random(name)
    if kind in HOSTILE:
        made = HOSTILE[kind](chance)
        data = made.text.encode(errors="surrogateescape")
        return Mutant(name, kind, made.name, data, made.files, made.variant)
    while True:
        origin = chance.choice(chance.choice(seeds()))
        if kind in CHANGES:
            data = CHANGES[kind](origin.text, chance, words())
            return Mutant(name, kind, origin.name, data, origin.files, origin.variant)
        if local := _local(name, kind, origin, chance):
            return local


def _local(name: str, kind: str, origin: Seed, chance: random.Random) -> Mutant | None:
    """Returns a mutant of which one line differs; `None` if the change applies to none."""
    lines = lines_of(origin.text)
    written = [at for at, line in enumerate(lines) if line.partition("#")[0].strip()]
    for _ in range(TRIES):
        at = chance.choice(written)
        edited = EDITS[kind](lines[at], chance, words())
        if edited is None or edited == [lines[at]]:
            continue
        text = "\n".join([*lines[:at], *edited, *lines[at + 1 :]])
        new = "\n".join(edited)
        stop = at + 1 + len(lines_of(new)) if edited else at + 1
        # What stood on a line that is gone is missed where its neighbours are now.
        changed = range(at + 1, stop) if new.strip() else range(at, stop + 1)
        names = {*WORD.findall(f"{lines[at]}\n{new}")}
        return Mutant(
            name, kind, origin.name, text.encode(errors="surrogatepass"), origin.files,
            origin.variant, tuple(changed), tuple(sorted(names)),
        )  # fmt: skip
    return None


@cache
def words() -> tuple[str, ...]:
    """Returns the words of all seeds."""
    texts = (seed.text for group in seeds() for seed in group)
    return tuple(sorted({word for text in texts for word in WORD.findall(text)}))
