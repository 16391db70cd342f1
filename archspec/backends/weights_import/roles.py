"""What the names of decided layers say about the others.

Names differ between implementations, but each is true to itself: whoever calls a shortcut
`downsample` in one block calls it so in the next. What a layer is called within its block is its
role. If a role of the file was met, and only as other roles of ours than a candidate's, and that
one only as other roles of the file, the two do not belong together.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from archspec.backends.weights_import.candidates import Candidates, members_of
from archspec.backends.weights_import.scopes import words

Role: TypeAlias = tuple[str, ...]

_PARTS = re.compile(r"[./]")


def judge(candidates: Candidates, ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Takes away the candidates that names contradict; returns whether there were some.

    All roles, short ones and long ones, must agree: where they do not, nothing is decided.

    Raises:
        ContradictionError: A layer is left without a counterpart.
    """
    known = candidates.decided
    waiting = {target: candidates.sets[target] for target in candidates.open}
    votes: dict[int, set[int]] = defaultdict(set)
    all_of_theirs = [[role(name) for name in theirs] for role in ROLES]
    for role in ROLES:
        our_roles = [role(name) for name in ours]
        for their_roles in all_of_theirs:
            seen = _Seen(known, our_roles, their_roles)
            for target, allowed in waiting.items():
                kept = seen.kept(our_roles[target], allowed, their_roles)
                if kept:
                    votes[target].add(kept)
    changed = False
    for target, sets in votes.items():
        agreed = -1
        for allowed in sets:
            agreed &= allowed
        if agreed and agreed & candidates.sets[target] != candidates.sets[target]:
            candidates.restrict(target, agreed)
            changed = True
    return changed


class _Seen:
    """Which roles were met together among the layers that are decided."""

    def __init__(
        self, known: Mapping[int, int], ours: Sequence[Role], theirs: Sequence[Role]
    ) -> None:
        self.theirs: dict[Role, set[Role]] = defaultdict(set)
        self.ours: dict[Role, set[Role]] = defaultdict(set)
        for target, source in known.items():
            self.theirs[ours[target]].add(theirs[source])
            self.ours[theirs[source]].add(ours[target])

    def kept(self, role: Role, allowed: int, theirs: Sequence[Role]) -> int:
        """Returns the candidates that a role was met as, if all others were met as other roles."""
        met = self.theirs.get(role)
        if not met:
            return 0
        kept = 0
        for source in members_of(allowed):
            if theirs[source] in met:
                kept |= 1 << source
            elif not self.ours.get(theirs[source]):
                return 0  # never met, so nothing speaks against it
        return kept


def _numbered(count: int) -> Callable[[str], Role]:
    """Returns what gives the words of a name with all but its first numbers."""

    def role(name: str) -> Role:
        left, made = count, []
        for word in words(name):
            is_counter = word.isdecimal() and left > 0
            left -= is_counter
            made.append("#" if is_counter else word)
        return tuple(made)

    return role


def _parts(count: int) -> Callable[[str], Role]:
    """Returns what gives the last parts of a name without their numbers."""

    def role(name: str) -> Role:
        parts = (re.sub(r"[_\d]+", "", part) for part in _PARTS.split(name))
        return tuple(part for part in parts if part)[-count:]

    return role


ROLES = (*map(_numbered, range(1, 4)), *map(_parts, range(2, 7)))
"""What may be the role of a layer: its name but for the numbers of blocks, or its end."""
