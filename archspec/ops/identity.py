"""The identity."""

from collections.abc import Sequence
from typing import ClassVar

from archspec.ir.lowering import OnnxNode
from archspec.ir.op import Example
from archspec.ir.types import TensorType
from archspec.ops.base.activation import Activation


class Identity(Activation):
    """Hands its input on as it is."""

    passes: ClassVar[bool] = True
    keras_names: ClassVar[tuple[str, ...]] = ("Identity", "Activation")
    any_dtype: ClassVar[bool] = True
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((3, "H", "W"),)),
        Example({}, (("T",),), "int64"),
    )

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns nothing."""
        return []
