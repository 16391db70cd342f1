"""The ELU activation."""

from typing import ClassVar

from pydantic import Field

from archspec.ir.interval import NON_NEGATIVE, Interval
from archspec.ir.op import Example, Number
from archspec.ops.base.activation import Activation


class ELU(Activation):
    """Computes `x if x > 0 else alpha * (exp(x) - 1)` of each value (Clevert et al. 2015)."""

    keeps: ClassVar[Interval | None] = NON_NEGATIVE
    primary: ClassVar[str] = "alpha"
    keras_names: ClassVar[tuple[str, ...]] = ("ELU", "Activation")
    onnx_op: ClassVar[str] = "Elu"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((5,),)),
        Example({"alpha": 0.5}, ((3, "H", "W"),)),
    )

    alpha: Number = Field(default=1.0, description="minus the limit for very negative values")
