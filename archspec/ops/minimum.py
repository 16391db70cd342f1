"""The minimum of branches."""

from typing import ClassVar

from archspec.ir.interval import Interval
from archspec.ir.op import Example
from archspec.ops.base.merge import Merge


class Minimum(Merge):
    """Takes the smallest of its inputs, value by value."""

    moves: ClassVar[bool] = True
    keras_names: ClassVar[tuple[str, ...]] = ("Minimum",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((3, "H", "W"), (3, "H", "W"))),
        Example({}, ((3, 1, 1), (3, "H", "W"))),
        Example({}, ((5,), (5,), (5,), (1,))),
    )
    torch_name: ClassVar[str] = "torch.minimum"
    onnx_name: ClassVar[str] = "Min"

    def interval_of(self, *inputs: Interval) -> Interval:
        """Returns where the smallest are: below every input's highest."""
        lows, highs = zip(*inputs, strict=True)
        return Interval(min(lows), min(highs))
