"""Intervals that values lie in: what is known of a tensor's numbers before anything runs.

Operators say with them what activations make and leave as it is; warnings follow.
"""

import math
from typing import NamedTuple


class Interval(NamedTuple):
    """The numbers from `low` to `high`, both included."""

    low: float
    high: float

    def within(self, other: "Interval") -> bool:
        """Returns whether all of its numbers are numbers of another interval."""
        return self.low >= other.low and self.high <= other.high

    def scaled(self) -> "Interval":
        """Returns where its numbers can be once they are multiplied by any positive ones."""
        return Interval(-math.inf if self.low < 0 else 0.0, math.inf if self.high > 0 else 0.0)


ANY = Interval(-math.inf, math.inf)
NON_NEGATIVE = Interval(0.0, math.inf)
UNIT = Interval(0.0, 1.0)
SIGNED_UNIT = Interval(-1.0, 1.0)
ZERO = Interval(0.0, 0.0)


def hull(*intervals: Interval) -> Interval:
    """Returns the smallest interval that all are within."""
    lows, highs = zip(*intervals, strict=True)
    return Interval(min(lows), max(highs))
