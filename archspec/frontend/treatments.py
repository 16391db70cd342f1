"""How a layer says that its weights are treated: initialisers, penalties, `freeze`."""

import math
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple, TypeGuard

from archspec.diagnostics import Diagnostic
from archspec.frontend.arguments import Argument, Unknown, as_text
from archspec.frontend.suggest import did_you_mean
from archspec.ir.op import Operator
from archspec.ir.treatment import Initializer, Penalty, Treatment, is_bias
from archspec.ir.types import TensorType

INITIALIZERS = ("weight_init", "bias_init")
OUTPUT_KEYS = ("output_l1", "output_l2")
PENALTIES = ("weight_l1", "weight_l2", "bias_l1", "bias_l2", *OUTPUT_KEYS)
KEYS = (*INITIALIZERS, *PENALTIES, "max_norm")
"""The keys that treat the weights of a layer, or of all layers in a block."""

LARGEST = 1e30
"""The largest number of a treatment: what single precision can hold, with room for a product."""

NO_PENALTY = Penalty()

_RELU = {"nonlinearity": "relu"}
_LINEAR = {"nonlinearity": "linear"}

FILLS: Mapping[str, tuple[str, Mapping[str, object], Mapping[str, float]]] = {
    "zeros": ("zeros_", {}, {}),
    "ones": ("ones_", {}, {}),
    "constant": ("constant_", {}, {"val": 0.0}),
    "normal": ("normal_", {}, {"mean": 0.0, "std": 1.0}),
    "uniform": ("uniform_", {}, {"a": 0.0, "b": 1.0}),
    "trunc_normal": ("trunc_normal_", {}, {"mean": 0.0, "std": 1.0, "a": -2.0, "b": 2.0}),
    "random_normal": ("normal_", {}, {"mean": 0.0, "std": 0.05}),
    "random_uniform": ("uniform_", {}, {"a": -0.05, "b": 0.05}),
    "xavier_uniform": ("xavier_uniform_", {}, {"gain": 1.0}),
    "xavier_normal": ("xavier_normal_", {}, {"gain": 1.0}),
    "glorot_uniform": ("xavier_uniform_", {}, {}),
    "glorot_normal": ("xavier_normal_", {}, {}),
    "kaiming_uniform": ("kaiming_uniform_", _RELU, {}),
    "kaiming_normal": ("kaiming_normal_", _RELU, {}),
    "he_uniform": ("kaiming_uniform_", _RELU, {}),
    "he_normal": ("kaiming_normal_", _RELU, {}),
    "lecun_uniform": ("kaiming_uniform_", _LINEAR, {}),
    "lecun_normal": ("kaiming_normal_", _LINEAR, {}),
    "orthogonal": ("orthogonal_", {}, {"gain": 1.0}),
}
"""Initialisers: the function of `torch.nn.init`, its fixed arguments, those that can be given.

`random_normal` and `random_uniform` have Keras's defaults, `normal` and `uniform` torch's.
"""

_NEED_A_KERNEL = ("xavier", "glorot", "kaiming", "he_", "lecun", "orthogonal")


class Fill(NamedTuple):
    """An initialiser as a spec names it."""

    name: str
    initializer: Initializer

    @property
    def needs_kernel(self) -> bool:
        """Whether it is made for weights with an input and an output side."""
        return self.name.startswith(_NEED_A_KERNEL)


class Said(NamedTuple):
    """What a spec says of the weights of one layer, by key.

    Attributes:
        own: What its own line says.
        around: What the layers around it say.
        defaults: What the file's `defaults` say of its operator.
        whole_file: What they say of all weights in the file.
    """

    own: Mapping[str, object] = {}
    around: Mapping[str, object] = {}
    defaults: Mapping[str, object] = {}
    whole_file: Mapping[str, object] = {}


class Freeze(NamedTuple):
    """One `freeze`.

    Attributes:
        below: The components of the name path that patterns are relative to.
        patterns: Which names are frozen; `None` for all.
        frozen: What is decided for those.
        used: Takes the patterns that some node matched.
    """

    below: tuple[str, ...]
    patterns: tuple[str, ...] | None
    frozen: bool
    used: set[str]

    def decides(self, path: tuple[str, ...]) -> bool:
        """Returns whether it speaks of the node at `path`."""
        if self.patterns is None:
            return True
        name = path[len(self.below) :]
        ends = [".".join(name[:end]) for end in range(1, len(name) + 1)]
        matched = [p for p in self.patterns if any(fnmatchcase(end, p) for end in ends)]
        self.used.update(matched)
        return bool(matched)


def read_freeze(
    argument: Argument, below: tuple[str, ...], report: Callable[[Diagnostic], None]
) -> Freeze:
    """Returns what a `freeze` says.

    Args:
        argument: True, false, a name pattern or several.
        below: The components of the name path that patterns are relative to.
        report: Takes the fault.

    Raises:
        Unknown: It is none of these; the fault has been reported.
    """
    value = argument.value
    if isinstance(value, bool):
        return Freeze(below, None, value, set())
    if value in ("yes", "no", "on", "off"):
        message = f"`{value}` is text here, not a truth value"
        help_ = f"write `freeze: {'true' if value in ('yes', 'on') else 'false'}`"
        report(Diagnostic("E103", message, argument.span, help_))
        raise Unknown
    patterns = (value,) if isinstance(value, str) else value
    if isinstance(patterns, tuple) and patterns and all(isinstance(p, str) for p in patterns):
        return Freeze(below, patterns, frozen=True, used=set())
    message = f"`freeze` takes true, false or patterns of names, not `{as_text(value)}`"
    report(Diagnostic("E103", message, argument.span, 'for example freeze: [stem, "stage[12].*"]'))
    raise Unknown


def read_key(key: str, argument: Argument, report: Callable[[Diagnostic], None]) -> object:
    """Returns the value of one of `KEYS`.

    Raises:
        Unknown: It does not fit; the fault has been reported.
    """
    if key in INITIALIZERS:
        return _initializer(key, argument, report)
    value = argument.value
    if _is_number(value) and value >= 0:
        return float(value)
    message = f"`{key}` must be a number of at least 0, not `{as_text(value)}`"
    report(Diagnostic("E103", message, argument.span, f"for example `{key}: 1e-4`"))
    raise Unknown


def treatment(op: Operator, types: tuple[TensorType, ...], said: Said) -> Treatment:
    """Returns how training treats a node, whether it is frozen left aside.

    What is said of a block or a whole file is meant for layers that multiply: convolutions,
    linear and recurrent layers, attention. Normalisations and embeddings are left alone.

    Args:
        op: The operator.
        types: The types of its inputs.
        said: What the spec says of it.

    Raises:
        ValueError: What its own layer says does not suit its weights.
    """
    learnt = {n: p.shape for n, p in op.parameters(*types).items() if p.kind == "weight"}
    weights = [shape for name, shape in learnt.items() if not is_bias(name)]
    kernels = [shape for shape in weights if len(shape) > 1]
    keys = {**said.defaults, **said.own}
    if op.macs(*types) != 0:
        keys = {**said.whole_file, **said.defaults, **said.around, **said.own}
    for key in said.own:
        what = "biases" if key.startswith("bias_") else "weights"
        treated = kernels if key == "max_norm" else weights
        if not (len(learnt) > len(weights) if what == "biases" else treated):
            raise ValueError(f"{op.kind()} has no {what} here for `{key}`")
    fills = {key: value for key, value in keys.items() if isinstance(value, Fill)}
    for key, fill in fills.items():
        if fill.needs_kernel and (key == "bias_init" or len(kernels) < len(weights)):
            what = "a bias" if key == "bias_init" else f"the weight of {op.kind()}"
            raise ValueError(f"{fill.name} is for kernels, and {what} has one axis")
    numbers = {key: value for key, value in keys.items() if isinstance(value, float)}

    def penalty(of: str) -> Penalty:
        return Penalty(numbers.get(f"{of}_l1", 0.0), numbers.get(f"{of}_l2", 0.0))

    return Treatment(
        weight_init=fills["weight_init"].initializer if "weight_init" in fills else None,
        bias_init=fills["bias_init"].initializer if "bias_init" in fills else None,
        weight_penalty=penalty("weight"),
        bias_penalty=penalty("bias"),
        output_penalty=output_penalty(said.defaults),
        max_norm=numbers.get("max_norm"),
    )


def output_penalty(amounts: Mapping[str, object], otherwise: Penalty = NO_PENALTY) -> Penalty:
    """Returns the penalty of an output, from `output_l1` and `output_l2` where they are said."""
    l1, l2 = (amounts.get(key, other) for key, other in zip(OUTPUT_KEYS, otherwise, strict=True))
    return Penalty(*(norm if isinstance(norm, float) else 0.0 for norm in (l1, l2)))


def _initializer(key: str, argument: Argument, report: Callable[[Diagnostic], None]) -> Fill:
    value = argument.value
    name: object = value
    given: object = {}
    if isinstance(value, Mapping) and len(value) == 1:
        ((name, given),) = value.items()
    if not isinstance(name, str) or name not in FILLS:
        help_ = did_you_mean(str(name), FILLS, what="initialiser")
        message = f"`{key}` must be an initialiser, not `{as_text(value)}`"
        report(Diagnostic("E103", message, argument.span, help_))
        raise Unknown
    target, fixed, options = FILLS[name]
    if not isinstance(given, Mapping) and options:
        given = {next(iter(options)): given}
    said = given if isinstance(given, Mapping) else {"value": given}
    numbers = dict(options)
    for option, number in said.items():
        if option not in options or not _is_number(number) or (option == "std" and number < 0):
            least = " of at least 0" if option == "std" else ""
            what = f"must be a number{least}, not `{as_text(number)}`"
            what = what if option in options else f"is not an option of {name}"
            help_ = f"it takes {', '.join(options)}" if options else "write its name alone"
            report(Diagnostic("E103", f"`{option}` {what}", argument.span, help_))
            raise Unknown
        numbers[option] = float(number)
    low, high = numbers.get("a", 0.0), numbers.get("b", math.inf)
    if low > high:
        message = f"`a` must not be greater than `b`, but {low:g} is greater than {high:g}"
        report(Diagnostic("E103", message, argument.span, f"swap them: {name} is from a to b"))
        raise Unknown
    return Fill(name, Initializer(f"torch.nn.init.{target}", {**fixed, **numbers}))


def _is_number(value: object) -> TypeGuard[int | float]:
    """Returns whether a value is a number that single precision can hold."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return False
    return abs(value) <= LARGEST
