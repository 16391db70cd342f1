"""Alpha dropout."""

from typing import ClassVar

from archspec.ir.interval import ANY, Interval
from archspec.ops.base.noise import DropoutNoise


class AlphaDropout(DropoutNoise):
    """Sets single values to SELU's lower limit at random while training (Klambauer et al. 2017).

    The result is scaled and shifted so that mean 0 and variance 1 stay so; it belongs after
    `selu`.
    """

    keras_names: ClassVar[tuple[str, ...]] = ("AlphaDropout",)

    def interval_of(self, *inputs: Interval) -> Interval:
        """Returns that it can make anything: what is dropped is negative."""
        return ANY
