"""Dropout."""

from typing import ClassVar

from archspec.ops.base.noise import DropoutNoise


class Dropout(DropoutNoise):
    """Zeroes single values at random while training (Srivastava et al. 2014)."""

    keras_names: ClassVar[tuple[str, ...]] = ("Dropout",)
