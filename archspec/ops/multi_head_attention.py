"""Multi-head self-attention."""

from typing import ClassVar

from pydantic import Field

from archspec.ir.op import Example
from archspec.ops.base.attention import Attention


class MultiHeadAttention(Attention):
    """Lets each position of a sequence look at all others (Vaswani et al. 2017, section 3.2).

    It is `torch.nn.MultiheadAttention` with the input as query, key and value.
    """

    shape_rule: ClassVar[str] = "[T, features] → [T, features]"
    keras_names: ClassVar[tuple[str, ...]] = ("MultiHeadAttention",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"num_heads": 2}, (("T", 6),)),
        Example({"num_heads": 4, "causal": True, "dropout": 0.1}, (("T", 8),)),
        Example({"num_heads": 1, "bias": False}, ((5, 3),)),
    )

    causal: bool = Field(
        default=False, description="whether a position sees only those before it and itself"
    )

    def is_causal(self) -> bool:
        """Returns `causal`."""
        return self.causal
