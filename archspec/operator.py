"""What a file with an operator of one's own imports.

An operator is one file, named like the operator: a subclass of `Operator` with its fields,
its shape rule, its parameters and its lowerings. `archspec/ops/linear.py` is a good model.
A lowering may name anything in the file itself, as `TorchModule(f"{__name__}.MyModule", {...})`.
"""

from archspec.ir.composite import Composite, Part
from archspec.ir.constraints import Equality
from archspec.ir.lowering import (
    Constant,
    Input,
    Local,
    OnnxNode,
    Output,
    TorchFunction,
    TorchModule,
    Weight,
)
from archspec.ir.op import (
    Example,
    NonNegative,
    NonNegativeNumber,
    Number,
    Operator,
    OperatorError,
    Param,
    Positive,
    PositiveNumber,
    Share,
    known,
)
from archspec.ir.types import TensorType

__all__ = [
    "Composite",
    "Constant",
    "Equality",
    "Example",
    "Input",
    "Local",
    "NonNegative",
    "NonNegativeNumber",
    "Number",
    "OnnxNode",
    "Operator",
    "OperatorError",
    "Output",
    "Param",
    "Part",
    "Positive",
    "PositiveNumber",
    "Share",
    "TensorType",
    "TorchFunction",
    "TorchModule",
    "Weight",
    "known",
]
