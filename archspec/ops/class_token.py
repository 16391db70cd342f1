"""A learnt token before a sequence."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from archspec.ir.lowering import (
    Constant,
    Input,
    Local,
    OnnxNode,
    TorchLowering,
    TorchModule,
    Weight,
)
from archspec.ir.op import Example, Operator, Param, known, require_rank
from archspec.ir.types import TensorType


class ClassToken(Operator):
    """Puts a learnt vector before a sequence (Devlin et al. 2018, Dosovitskiy et al. 2020).

    It starts as zeros. After the last layer, `take: 0` reads what became of it.
    """

    shape_rule: ClassVar[str] = "[T, features] → [1 + T, features]"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("T", 6),)),
        Example({}, ((4, 3),)),
    )

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns `[1 + T, features]`."""
        length, _ = require_rank(inputs[0], 2, "a sequence [T, features]")
        return inputs[0].with_example(1 + length, self._features(*inputs))

    def parameters(self, *inputs: TensorType) -> Mapping[str, Param]:
        """Returns `token` `[1, 1, features]`."""
        return {"token": Param((1, 1, self._features(*inputs)))}

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns the helper module."""
        arguments = {"features": self._features(*inputs)}
        return TorchModule("archspec.nn.class_token.ClassToken", arguments)

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Expand` to the batch and `Concat`."""
        batch, shape, tokens = map(Local, ("batch", "shape", "tokens"))
        rest = Constant((1, self._features(*inputs)), "int64")
        return [
            OnnxNode("Shape", [Input(0)], {"start": 0, "end": 1}, [batch]),
            OnnxNode("Concat", [batch, rest], {"axis": 0}, [shape]),
            OnnxNode("Expand", [Weight("token"), shape], {}, [tokens]),
            OnnxNode("Concat", [tokens, Input(0)], {"axis": 1}),
        ]

    def _features(self, *inputs: TensorType) -> int:
        return known(inputs[0].example[-1], "the number of features")
