"""Which layers of a file each of ours may still be, and what follows from what is known.

Sets of layers are integers, a bit for each: a thousand layers have a million pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence


class ContradictionError(Exception):
    """Some layer is left without a counterpart."""


class Candidates:
    """Which layers of a file each of ours may be; one belongs to one.

    Attributes:
        sets: For each of our layers the set of those that it may be.
        reasons: What decided, for each of our layers that is decided.
    """

    def __init__(self, sets: Sequence[int]) -> None:
        self.sets = list(sets)
        self.reasons: dict[int, str] = {}

    def copy(self) -> Candidates:
        """Returns another one to try something on."""
        made = Candidates(self.sets)
        made.reasons = dict(self.reasons)
        return made

    @property
    def decided(self) -> dict[int, int]:
        """The layer of the file that each of ours is, where that is known."""
        return {t: s.bit_length() - 1 for t, s in enumerate(self.sets) if _is_single(s)}

    @property
    def open(self) -> list[int]:
        """Which of ours are not decided."""
        return [t for t, s in enumerate(self.sets) if not _is_single(s)]

    def settle(self, reason: str, order: Order | None = None) -> None:
        """Draws all conclusions, from the order too if there is one.

        Args:
            reason: What is to be said to have decided what is decided now.
            order: What is known of the order of layers.

        Raises:
            ContradictionError: A layer is left without a counterpart.
        """
        before: list[int] = []
        while before != self.sets:
            before = list(self.sets)
            if order is not None:
                self._apply(order)
            self._exclude()
        for target in self.decided:
            self.reasons.setdefault(target, reason)

    def restrict(self, target: int, allowed: int) -> None:
        """Leaves one of ours only those candidates that are in a set.

        Raises:
            ContradictionError: None is left.
        """
        self.sets[target] &= allowed
        if not self.sets[target]:
            raise ContradictionError

    def _exclude(self) -> None:
        """Takes what is decided from all others, and gives each layer a last one that it fits."""
        fixed = [(t, s) for t, s in enumerate(self.sets) if _is_single(s)]
        taken = 0
        for _, single in fixed:
            if taken & single:
                raise ContradictionError
            taken |= single
        once, twice = 0, 0
        for target, own in enumerate(self.sets):
            if not _is_single(own):
                self.restrict(target, ~taken)
                own = self.sets[target]
            twice |= once & own
            once |= own
        only = once & ~twice
        for target, own in enumerate(self.sets):
            if own & only:
                if not _is_single(own & only):
                    raise ContradictionError
                self.sets[target] = own & only

    def _apply(self, order: Order) -> None:
        for first, second in order.pairs:
            self.restrict(second, order.after_some(self.sets[first]))
        for first, second in reversed(order.pairs):
            self.restrict(first, order.before_some(self.sets[second]))


class Order:
    """What is known of the order of the layers of a file.

    Attributes:
        pairs: Pairs of our layers, of which the first one comes before.
    """

    def __init__(
        self, pairs: Iterable[tuple[int, int]], series: Sequence[Sequence[int]], number: int
    ) -> None:
        """Takes what is known.

        Args:
            pairs: Pairs of our layers, of which the first one comes before.
            series: Layers of the file in their order; of two in none, any may be first.
            number: How many layers the file has.
        """
        self.pairs = sorted(set(pairs))
        self._series = [_mask(members) for members in series]
        self._places = [sorted(members) for members in series]
        self._outside = ((1 << number) - 1) & ~_union(self._series)

    def after_some(self, layers: int) -> int:
        """Returns the layers that may come after one of some."""
        if layers & self._outside:
            return -1
        found = self._outside
        for members in self._series:
            here = layers & members
            # Layers of another series may come at any place.
            found |= members & ~((here & -here) * 2 - 1) if here == layers else members
        return found

    def before_some(self, layers: int) -> int:
        """Returns the layers that may come before one of some."""
        if layers & self._outside:
            return -1
        found = self._outside
        for members in self._series:
            here = layers & members
            found |= members & ((1 << (here.bit_length() - 1)) - 1) if here == layers else members
        return found


def members_of(layers: int) -> Iterator[int]:
    """Yields the numbers of the layers in a set."""
    while layers:
        last = layers & -layers
        yield last.bit_length() - 1
        layers ^= last


def nearest_alike(
    edges: Iterable[tuple[int, int]], kinds: Sequence[int], number: int
) -> set[tuple[int, int]]:
    """Returns pairs of layers of one kind, of which the second one follows, none between them.

    Args:
        edges: Pairs of layers of which the second one reads what the first one makes; the
            first one has the lower number.
        kinds: The kind of each layer.
        number: How many layers there are.
    """
    before: list[list[int]] = [[] for _ in range(number)]
    for first, second in edges:
        before[second].append(first)
    pairs: set[tuple[int, int]] = set()
    seen: list[Mapping[int, frozenset[int]]] = []
    for layer in range(number):
        nearest: dict[int, frozenset[int]] = {}
        for other in before[layer]:
            own = {**seen[other], kinds[other]: frozenset([other])}
            for kind, found in own.items():
                nearest[kind] = nearest.get(kind, frozenset()) | found
        pairs |= {(other, layer) for other in nearest.get(kinds[layer], ())}
        seen.append(nearest)
    return pairs


def _mask(members: Iterable[int]) -> int:
    return sum(1 << member for member in set(members))


def _union(sets: Iterable[int]) -> int:
    made = 0
    for own in sets:
        made |= own
    return made


def _is_single(layers: int) -> bool:
    return layers > 0 and layers & (layers - 1) == 0
