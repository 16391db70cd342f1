"""What the neighbours of a layer say about it: layers of one scope here are of one scope there.

Of the candidates of a layer, that one is meant which shares the deepest scope with the
counterpart of a decided neighbour, if the same holds the other way round.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from archspec.backends.weights_import.candidates import Candidates, members_of

Words: TypeAlias = tuple[str, ...]

_WORDS = re.compile(r"[A-Za-z]+(?:\d+[A-Za-z]+)*|\d+")


def settle_neighbours(candidates: Candidates, ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Decides layers by their decided neighbours; returns whether there were some.

    Raises:
        ContradictionError: A layer is left without a counterpart.
    """
    our_words, their_words = [*map(words, ours)], [*map(words, theirs)]
    known = candidates.decided
    forth = _Neighbours(known, our_words, their_words)
    back = _Neighbours({s: t for t, s in known.items()}, their_words, our_words)
    wanted = {t: forth.choice(t, members_of(candidates.sets[t])) for t in candidates.open}
    sought: dict[int, list[int]] = {}
    for target in candidates.open:
        for source in members_of(candidates.sets[target]):
            sought.setdefault(source, []).append(target)
    changed = False
    for target, choice in wanted.items():
        if choice is not None and back.choice(choice, sought[choice]) == target:
            candidates.restrict(target, 1 << choice)
            changed = True
    return changed


def words(name: str) -> Words:
    """Returns the words and numbers of a name."""
    return tuple(_WORDS.findall(name))


class _Neighbours:
    """The counterparts of decided layers by the scopes that these are in."""

    def __init__(
        self, known: Mapping[int, int], here: Sequence[Words], there: Sequence[Words]
    ) -> None:
        self.here, self.there = here, there
        self.scopes: dict[Words, list[int]] = {}
        for own, other in known.items():
            for depth in range(1, len(here[own]) + 1):
                self.scopes.setdefault(here[own][:depth], []).append(other)

    def choice(self, layer: int, allowed: Iterable[int]) -> int | None:
        """Returns the only candidate that is nearest to the counterparts of the neighbours."""
        name = self.here[layer]
        for depth in range(len(name), 0, -1):
            if around := self.scopes.get(name[:depth]):
                depths = {c: self._depth(c, around) for c in allowed}
                deepest = max(depths.values())
                nearest = [c for c, d in depths.items() if d == deepest]
                return nearest[0] if len(nearest) == 1 else None
        return None

    def _depth(self, candidate: int, around: Sequence[int]) -> int:
        """Returns how many words of its name a layer shares with the nearest of some."""
        name = self.there[candidate]
        best = 0
        for other in around:
            other_name = self.there[other]
            shared = 0
            for one, two in zip(name, other_name, strict=False):
                if one != two:
                    break
                shared += 1
            best = max(best, shared)
        return best
