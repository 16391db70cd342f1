"""The operator contract: what one file of `archspec.ops` has to say.

An operator is a frozen pydantic model whose fields are what a spec may write. Its
methods are pure functions of those fields and of the input types; nothing runs, and no
library is imported.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema

from archspec.diagnostics.counted import counted
from archspec.ir.constraints import Equality
from archspec.ir.dim import Size
from archspec.ir.interval import ANY, ZERO, Interval, hull
from archspec.ir.lowering import OnnxNode, TorchLowering
from archspec.ir.types import Shape, TensorType

LARGEST = 2**31 - 1
"""The largest integer of a field: more than fits any machine, and what torch can count to."""

Positive: TypeAlias = Annotated[int, Field(gt=0, le=LARGEST)]
NonNegative: TypeAlias = Annotated[int, Field(ge=0, le=LARGEST)]

SMALLEST_NUMBER, LARGEST_NUMBER = 1.2e-38, 3.4e38
"""The limits of positive numbers that are no integers: what single precision can hold."""


def _not_lost(number: float) -> float:
    if number < SMALLEST_NUMBER:
        raise ValueError(f"{number} is too small for single precision, which makes it 0")
    return number


Number: TypeAlias = Annotated[float, Field(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]
PositiveNumber: TypeAlias = Annotated[
    float, Field(gt=0, le=LARGEST_NUMBER), AfterValidator(_not_lost)
]
NonNegativeNumber: TypeAlias = Annotated[float, Field(ge=0, le=LARGEST_NUMBER)]
Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]
"""Of a whole, such as a probability."""


class OperatorError(Exception):
    """An operator cannot take its inputs.

    Attributes:
        message: What is wrong.
        help: What to do about it, or an empty string.
        labels: What to say about single inputs, by their index.
        code: The diagnostic's code.
    """

    def __init__(
        self,
        message: str,
        *,
        help: str = "",
        labels: Mapping[int, str] | None = None,
        code: str = "E201",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        self.labels = labels or {}
        self.code = code


class FaultyOperatorError(RuntimeError):
    """An operator breaks its contract: it is at fault, not the spec.

    Attributes:
        kind: The operator's name.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind


WEIGHTS = ("weight", "fixed")
"""The kinds of tensors that are parameters, as torch and papers count them."""


class Doubt(NamedTuple):
    """Why a use of an operator is legal but surely not what was meant.

    Attributes:
        code: The warning's code.
        message: What it does.
        help: What was probably meant.
    """

    code: str
    message: str
    help: str


class Param(NamedTuple):
    """A tensor that a node owns.

    Attributes:
        shape: Its shape; it may not depend on names.
        kind: `weight` is learnt; `fixed` is a weight that is given and never learnt;
            `statistic` is measured while training and counted apart (batch norm's mean and
            variance); `counter` is neither (and never counted).
    """

    shape: tuple[int, ...]
    kind: Literal["weight", "fixed", "statistic", "counter"] = "weight"


class Example(NamedTuple):
    """A use of an operator, on which the laws for all operators are tested.

    Attributes:
        fields: What a spec would write.
        inputs: The shape of one example for each input, channels first; a name is a
            symbolic size.
        dtype: The element type of the inputs by its NumPy name.
    """

    fields: Mapping[str, object]
    inputs: tuple[tuple[int | str, ...], ...]
    dtype: str = "float32"


def _take_tuples(schema: Any) -> None:  # noqa: ANN401
    """Lets the lists and sets in a pydantic schema be given as tuples."""
    if isinstance(schema, dict):
        if schema.get("type") in ("list", "set", "frozenset"):
            schema["strict"] = False
        schema = [part for key, part in schema.items() if key not in ("default", "metadata")]
    for part in schema if isinstance(schema, (list, tuple)) else ():
        _take_tuples(part)


class Operator(BaseModel):
    """The base of all operators.

    Attributes:
        input_names: The names of the inputs, in order.
        variadic: Whether it is a merge: any number of inputs, at least two.
        primary: The field that the short form `op: value` fills.
        any_dtype: Whether its inputs may hold anything but single-precision numbers.
        counted_by_torch: Whether `torch.utils.flop_counter` knows what it costs.
        mixes: The axis of its output that is a learnt linear map of its input, 1 for the
            channels and -1 for the last.
        passes: Whether its output, once trained, is its input, if perhaps in another shape.
        moves: Whether all it makes are values of its inputs, or means of them, or 0.
        keeps: Which values it hands on as they are, if not all.
        makes: Which values it makes of any others.
        shape_rule: How the output's shape follows from the input's, for people.
        keras_names: What Keras calls it.
        keras_fields: Keras's arguments that have another name here, with that name.
        examples: Uses that the laws are tested on; the first one is shown to people.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, defer_build=True, allow_inf_nan=False
    )

    input_names: ClassVar[tuple[str, ...]] = ("input",)
    variadic: ClassVar[bool] = False
    primary: ClassVar[str | None] = None
    any_dtype: ClassVar[bool] = False
    counted_by_torch: ClassVar[bool] = True
    mixes: ClassVar[int | None] = None
    passes: ClassVar[bool] = False
    moves: ClassVar[bool] = False
    keeps: ClassVar[Interval | None] = None
    makes: ClassVar[Interval] = ANY
    shape_rule: ClassVar[str] = ""
    keras_names: ClassVar[tuple[str, ...]] = ()
    keras_fields: ClassVar[Mapping[str, str]] = {}
    examples: ClassVar[tuple[Example, ...]] = ()

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Returns how fields are checked: a list of a spec is a tuple, also for a list field."""
        schema = handler(source)
        _take_tuples(schema)
        return schema

    @classmethod
    def kind(cls) -> str:
        """Returns the operator's name in a spec: the name of its file."""
        return cls.__module__.rpartition(".")[2]

    def output_names(self) -> tuple[str, ...]:
        """Returns the names of the outputs, the main one first."""
        return ("output",)

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the type of the only output; an operator with several has `outputs`.

        Raises:
            OperatorError: The inputs do not fit.
        """
        raise NotImplementedError

    def outputs(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        """Returns the types of all outputs, in the order of `output_names`.

        Raises:
            OperatorError: The inputs do not fit.
        """
        return (self.output(*inputs),)

    def equalities(self, *inputs: TensorType) -> Iterable[Equality]:
        """Returns the sizes that must be equal, for merges of possibly symbolic sizes."""
        return ()

    def doubt(self, *inputs: TensorType) -> Doubt | None:
        """Returns why this use is surely not what was meant, if it is not."""
        return None

    def missed(self, *inputs: TensorType) -> tuple[int, ...]:
        """Returns how many of the last values along each axis behind the channels it never reads.

        What windows leave out between them on purpose does not count.
        """
        return ()

    def interval_of(self, *inputs: Interval) -> Interval:
        """Returns where its values are, in training too, if those of its inputs are there."""
        if self.passes or (self.keeps is not None and inputs[0].within(self.keeps)):
            return inputs[0]
        return hull(ZERO, *inputs) if self.moves else self.makes

    def parameters(self, *inputs: TensorType) -> Mapping[str, Param]:
        """Returns the tensors the node owns, in torch's order and with torch's names."""
        return {}

    def macs(self, *inputs: TensorType) -> Size:
        """Returns the multiply-accumulates for one example; biases are not counted."""
        return 0

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns how the operator is said in PyTorch."""
        raise NotImplementedError

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns how the operator is said in ONNX, in evaluation mode.

        An empty sequence means that nothing is left of it: the output is the input.
        """
        raise NotImplementedError

    def summary(self) -> str:
        """Returns the fields a picture shows beside the name, such as `3×3, stride 2`."""
        return ""


def known(size: Size, what: str) -> int:
    """Returns `size` as an integer.

    Raises:
        OperatorError: The size is symbolic, so the weights would depend on the input.
    """
    if isinstance(size, int):
        return size
    raise OperatorError(
        f"{what} must be a known number, but it is {size}",
        help=f"it cannot depend on {' and '.join(sorted(size.names()))}: "
        "fix the input's size, or pool to a fixed size (before any `flatten`)",
    )


def require_rank(type_: TensorType, rank: int, layout: str) -> Shape:
    """Returns the sizes of one example, which must be of the given rank.

    Raises:
        OperatorError: The rank differs.
    """
    if len(type_.example) == rank:
        return type_.example
    help_ = f"give it an input with {counted(rank, 'axis', 'axes')}"
    if len(type_.example) == rank + 1:
        help_ += "; the batch is implied, so leave it out of the input's shape"
    raise OperatorError(f"this layer takes {layout}, but its input is {type_}", help=help_)
