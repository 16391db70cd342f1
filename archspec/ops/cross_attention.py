"""Multi-head attention from one sequence to another."""

from collections.abc import Iterable
from typing import ClassVar

from archspec.ir.constraints import Equality
from archspec.ir.op import Example, OperatorError, require_rank
from archspec.ir.types import TensorType
from archspec.ops.base.attention import Attention


class CrossAttention(Attention):
    """Lets each position of `query` look at all of `memory` (Vaswani et al. 2017, section 3.2).

    It is `torch.nn.MultiheadAttention` with the memory as key and value.
    """

    input_names: ClassVar[tuple[str, ...]] = ("query", "memory")
    shape_rule: ClassVar[str] = "[T, features], [S, features] → [T, features]"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"num_heads": 2}, (("T", 6), ("S", 6))),
        Example({"num_heads": 1, "bias": False, "dropout": 0.1}, ((4, 3), (5, 3))),
    )

    def equalities(self, *inputs: TensorType) -> Iterable[Equality]:
        """Returns that both come from the same batch."""
        return [Equality(inputs[0].shape[0], inputs[1].shape[0], "batch", (0, 1))]

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the query's type."""
        made = super().output(*inputs)
        _, features = require_rank(inputs[1], 2, "a memory [S, features]")
        if features != made.example[1]:
            raise OperatorError(
                "query and memory must have the same number of features, "
                f"but they are {inputs[0]} and {inputs[1]}",
                help=f"put `linear: {made.example[1]}` before the memory",
            )
        return made
