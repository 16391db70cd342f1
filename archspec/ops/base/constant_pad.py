"""Padding with a number of one's own."""

from pydantic import Field

from archspec.ir.interval import Interval, hull
from archspec.ir.op import Number
from archspec.ops.base.pad import ConstantPad


class FilledPad(ConstantPad):
    """The base of padding with a number."""

    value: Number = Field(description="the number that is added")

    def interval_of(self, *inputs: Interval) -> Interval:
        """Returns where the input's values and the number are."""
        return hull(Interval(self.value, self.value), *inputs)

    def fill(self) -> float:
        """Returns the number."""
        return self.value
