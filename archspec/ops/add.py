"""Addition of branches."""

from typing import ClassVar

from archspec.ir.interval import Interval
from archspec.ir.op import Example
from archspec.ops.base.merge import Merge


class Add(Merge):
    """Adds its inputs, value by value."""

    keras_names: ClassVar[tuple[str, ...]] = ("Add",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((3, "H", "W"), (3, "H", "W"))),
        Example({}, ((3, 1, 1), (3, "H", "W"))),
        Example({}, ((5,), (5,), (5,), (1,))),
    )
    torch_name: ClassVar[str] = "torch.add"
    onnx_name: ClassVar[str] = "Add"

    def interval_of(self, *inputs: Interval) -> Interval:
        """Returns where sums are."""
        return Interval(sum(values.low for values in inputs), sum(values.high for values in inputs))
