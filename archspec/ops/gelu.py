"""The GELU activation."""

from typing import ClassVar, Literal

from pydantic import Field

from archspec.ir.op import Example
from archspec.ops.base.activation import Activation


class GELU(Activation):
    """Computes `x * P(X <= x)` of each value, `X` normally distributed (Hendrycks et al. 2016)."""

    primary: ClassVar[str] = "approximate"
    onnx_op: ClassVar[str] = "Gelu"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("T", 8),)),
        Example({"approximate": "tanh"}, ((3, 4, 5),)),
    )

    approximate: Literal["none", "tanh"] = Field(
        default="none", description="whether the distribution is exact, or by a tanh as in GPT-2"
    )
