"""The maximum of branches."""

from typing import ClassVar

from archspec.ir.interval import Interval
from archspec.ir.op import Example
from archspec.ops.base.merge import Merge


class Maximum(Merge):
    """Takes the largest of its inputs, value by value (maxout, Goodfellow et al. 2013)."""

    moves: ClassVar[bool] = True
    keras_names: ClassVar[tuple[str, ...]] = ("Maximum",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((3, "H", "W"), (3, "H", "W"))),
        Example({}, ((3, 1, 1), (3, "H", "W"))),
        Example({}, ((5,), (5,), (5,), (1,))),
    )
    torch_name: ClassVar[str] = "torch.maximum"
    onnx_name: ClassVar[str] = "Max"

    def interval_of(self, *inputs: Interval) -> Interval:
        """Returns where the largest are: above every input's lowest."""
        lows, highs = zip(*inputs, strict=True)
        return Interval(max(lows), max(highs))
