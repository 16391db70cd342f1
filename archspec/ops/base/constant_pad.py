"""Padding with a number of one's own."""

from pydantic import Field

from archspec.ir.op import Number
from archspec.ops.base.pad import ConstantPad


class FilledPad(ConstantPad):
    """The base of padding with a number."""

    value: Number = Field(description="the number that is added")

    def fill(self) -> float:
        """Returns the number."""
        return self.value
