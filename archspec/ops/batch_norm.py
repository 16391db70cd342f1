"""Batch normalisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field

from archspec.ir.lowering import (
    Constant,
    Input,
    OnnxNode,
    OnnxOperand,
    TorchLowering,
    TorchModule,
    Weight,
)
from archspec.ir.op import Example, Operator, OperatorError, Param, known
from archspec.ir.types import TensorType


class BatchNorm(Operator):
    """Normalises each channel over the batch (Ioffe and Szegedy 2015).

    Takes `[C]`, `[C, L]`, `[C, H, W]` or `[C, D, H, W]`, as torch's `BatchNorm1d` to
    `BatchNorm3d` do.
    """

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((3, "H", "W"),)),
        Example({"eps": 1e-3, "momentum": 0.01}, ((6,),)),
        Example({"affine": False}, ((4, 7),)),
        Example({}, ((2, 3, 4, 5),)),
    )

    eps: Annotated[float, Field(gt=0)] = Field(default=1e-5, description="added to the variance")
    momentum: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.1, description="weight of a new batch in the running statistics, as in torch"
    )
    affine: bool = Field(default=True, description="whether scale and shift are learnt")

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's type."""
        if not 1 <= len(inputs[0].example) <= 4:
            raise OperatorError(f"batch_norm takes one to four axes, but its input is {inputs[0]}")
        self._channels(*inputs)
        return inputs[0]

    def parameters(self, *inputs: TensorType) -> Mapping[str, Param]:
        """Returns scale and shift `[C]`, and the running mean and variance `[C]`."""
        shape = (self._channels(*inputs),)
        learnt = {"weight": Param(shape), "bias": Param(shape)} if self.affine else {}
        return learnt | {
            "running_mean": Param(shape, "statistic"),
            "running_var": Param(shape, "statistic"),
            "num_batches_tracked": Param((), "counter"),
        }

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.nn.BatchNorm1d`, `2d` or `3d`."""
        axes = max(1, len(inputs[0].example) - 1)
        arguments = {"num_features": self._channels(*inputs), **self.model_dump()}
        return TorchModule(f"torch.nn.BatchNorm{axes}d", arguments)

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `BatchNormalization` with the running statistics."""
        channels = self._channels(*inputs)
        scale: list[OnnxOperand] = [Weight("weight"), Weight("bias")]
        if not self.affine:
            scale = [Constant([v] * channels, "float32") for v in (1.0, 0.0)]
        operands = [Input(0), *scale, Weight("running_mean"), Weight("running_var")]
        return [OnnxNode("BatchNormalization", operands, {"epsilon": self.eps})]

    def _channels(self, *inputs: TensorType) -> int:
        return known(inputs[0].example[0], "the number of channels")
