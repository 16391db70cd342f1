"""The operator contract, held up against what a user's own operator returns.

The operators of archspec are tested; those of others get a message that says which method
returned what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any, TypeAlias, get_args

from archspec.ir.composite import Part
from archspec.ir.constraints import Equality
from archspec.ir.dim import Dim
from archspec.ir.lowering import OnnxNode, TorchFunction, TorchModule
from archspec.ir.op import Doubt, FaultyOperatorError, Operator, Param
from archspec.ir.types import TensorType

Check: TypeAlias = Callable[[Any, Operator], bool]

DTYPES = ("float32", "int64")
"""The element types of values."""


def hold_to_contract(operator: type[Operator]) -> None:
    """Makes the methods of an operator refuse to return what the contract does not allow.

    They then raise a `FaultyOperatorError`.
    """
    for name, (wanted, check) in _WANTED.items():
        if hasattr(operator, name):  # only composites have parts
            setattr(operator, name, _held(getattr(operator, name), wanted, check))


def _held(method: Callable[..., Any], wanted: str, check: Check) -> Callable[..., Any]:
    @wraps(method)
    def held(self: Operator, *inputs: TensorType) -> Any:  # noqa: ANN401
        try:
            made = method(self, *inputs)
        except NotImplementedError as error:
            message = f"it does not define {method.__name__}"
            raise FaultyOperatorError(self.kind(), message) from error
        if isinstance(made, Iterable) and not isinstance(made, (Sequence, Mapping)):
            made = tuple(made)  # a generator would be empty once it is checked
        if check(made, self):
            return made
        message = f"{method.__name__} must return {wanted}, not {_clipped(repr(made))}"
        raise FaultyOperatorError(self.kind(), message)

    return held


def _clipped(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"


def _is_type(made: object, *_: object) -> bool:
    return (
        isinstance(made, TensorType)
        and isinstance(made.shape, tuple)
        and all(map(_is_size, made.shape))
        and made.dtype in DTYPES
    )


def _is_size(made: object, *_: object) -> bool:
    return isinstance(made, (int, Dim)) and not isinstance(made, bool)


def _is_param(made: object) -> bool:
    return (
        isinstance(made, Param)
        and isinstance(made.shape, tuple)
        and all(isinstance(size, int) for size in made.shape)
        and made.kind in get_args(Param.__annotations__["kind"])
    )


def _are(kind: type, made: object) -> bool:
    return isinstance(made, Sequence) and all(isinstance(item, kind) for item in made)


def _are_types(made: object, operator: Operator) -> bool:
    names = operator.output_names()
    return isinstance(made, tuple) and len(made) == len(names) and all(
        _is_type(type_) for type_ in made
    )  # fmt: skip


_TYPE = "a TensorType whose sizes are integers or symbols"
_WANTED: Mapping[str, tuple[str, Check]] = {
    "output_names": ("a tuple of names", lambda made, _: bool(made) and _are(str, made)),
    "output": (_TYPE, _is_type),
    "outputs": ("a tuple with a TensorType for each of output_names", _are_types),
    "equalities": ("Equality values", lambda made, _: _are(Equality, made)),
    "doubt": ("a Doubt or None", lambda made, _: made is None or isinstance(made, Doubt)),
    "parameters": (
        "a mapping of names to Param values, whose sizes are integers",
        lambda made, _: isinstance(made, Mapping) and all(map(_is_param, made.values())),
    ),
    "parts": ("a sequence of Part values", lambda made, _: bool(made) and _are(Part, made)),
    "macs": ("an integer or a symbolic size", _is_size),
    "torch": (
        "a TorchModule or a TorchFunction",
        lambda made, _: isinstance(made, (TorchModule, TorchFunction)),
    ),
    "onnx": ("a sequence of OnnxNode values", lambda made, _: _are(OnnxNode, made)),
    "summary": ("text", lambda made, _: isinstance(made, str)),
}
"""What each method returns, for people and as a check."""
