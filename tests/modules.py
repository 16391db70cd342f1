"""The modules of single operators, in training mode."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping

import torch
from torch import nn

from archspec import ops
from archspec.ir.lowering import TorchModule
from archspec.ir.op import Operator
from archspec.ir.types import TensorType

Fields = Mapping[str, object]


def operator(kind: str, fields: Fields) -> Operator:
    return ops.find(kind).model_validate(fields)


def module(kind: str, fields: Fields, example: torch.Tensor) -> nn.Module:
    """Returns an operator's module for examples like the given one, in training mode."""
    type_ = TensorType.of_example(tuple(example.shape))
    op = operator(kind, fields)
    op.output(type_)
    lowering = op.torch(type_)
    assert isinstance(lowering, TorchModule)
    made = pkgutil.resolve_name(lowering.target)(**lowering.arguments)
    assert isinstance(made, nn.Module)
    return made


def trained(kind: str, fields: Fields, inputs: torch.Tensor, seed: int = 0) -> torch.Tensor:
    """Returns what an operator makes of a batch in training mode."""
    layer = module(kind, fields, inputs[0])
    torch.manual_seed(seed)
    return layer(inputs)  # type: ignore[no-any-return]


def picture(height: int = 10, width: int = 12, channels: int = 3) -> torch.Tensor:
    """Returns a random image with values from 0 to 255."""
    return 255 * torch.rand(channels, height, width, generator=torch.Generator().manual_seed(7))
