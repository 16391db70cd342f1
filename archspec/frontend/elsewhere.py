"""A layer in the words of another library, as it is written here: with the values it was given.

What cannot be read of a call is left open, as `…`; no value is made up. Only faulty specs
come here.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic import ValidationError

from archspec.frontend.examples import call_line, input_names
from archspec.ir.op import Operator

OPEN = "…"
"""What stands for a value that the author has to say."""

LONGEST = 200
"""The longest call that is read."""

_CONV = ("in_channels", "out_channels", "kernel_size", "stride", "padding")
_CELL = ("input_size", "hidden_size", "num_layers")
_POOL = ("kernel_size", "stride", "padding")

TORCH: Mapping[str, Sequence[str]] = {
    "avg_pool": _POOL,
    "batch_norm": ("num_features", "eps", "momentum"),
    "conv": (*_CONV, "dilation", "groups", "bias"),
    "conv_transpose": (*_CONV, "output_padding", "groups", "bias", "dilation"),
    "group_norm": ("num_groups", "num_channels", "eps", "affine"),
    "gru": _CELL,
    "instance_norm": ("num_features", "eps", "momentum"),
    "layer_norm": ("normalized_shape", "eps", "elementwise_affine"),
    "linear": ("in_features", "out_features", "bias"),
    "lstm": _CELL,
    "max_pool": (*_POOL, "dilation"),
    "multi_head_attention": ("embed_dim", "num_heads", "dropout", "bias"),
    "rms_norm": ("normalized_shape", "eps", "elementwise_affine"),
    "rnn": _CELL,
    "upsample": ("size", "scale_factor", "mode", "align_corners"),
}
"""The order of the arguments of torch's modules, where it is not that of the fields here."""

_FILTERS = ("filters", "kernel_size", "strides", "padding")
_WINDOW = ("pool_size", "strides", "padding")

KERAS: Mapping[str, Sequence[str]] = {
    "avg_pool": _WINDOW,
    "batch_norm": ("axis", "momentum", "epsilon"),
    "conv": _FILTERS,
    "conv_transpose": _FILTERS,
    "depthwise_conv": ("kernel_size", "strides", "padding", "depth_multiplier"),
    "embedding": ("input_dim", "output_dim"),
    "flatten": ("data_format",),
    "group_norm": ("groups", "axis", "epsilon"),
    "gru": ("units",),
    "layer_norm": ("axis", "epsilon"),
    "linear": ("units", "activation", "use_bias"),
    "lstm": ("units",),
    "max_pool": _WINDOW,
    "multi_head_attention": ("num_heads", "key_dim"),
    "rms_norm": ("axis", "epsilon"),
    "rnn": ("units",),
    "separable_conv": _FILTERS,
}
"""The same of Keras's layers."""


class Call(NamedTuple):
    """What an operator is given.

    Attributes:
        values: By position.
        named: By name.
    """

    values: Sequence[object] = ()
    named: Mapping[str, object] = {}


def written_here(
    operator: type[Operator], word: str, given: object, *, library: str = ""
) -> tuple[str, str]:
    """Returns a call as a layer, and the activation that was an argument of it, or nothing.

    Args:
        operator: The operator that is meant.
        word: What is called, with arguments if it has parentheses.
        given: What the layer is given behind its colon.
        library: Whose words these are: `Keras`, `torch`, or empty for the author's own.
    """
    call = call_of(word)
    if operator.variadic:
        names = given if isinstance(given, list) else input_names(operator, operator.examples[0])
        return call_line(operator, {}, names), ""
    if call is None:
        call = _given(operator, given, library)
    named = {**_by_position(operator, call.values, library), **call.named}
    own = {operator.keras_fields.get(key, key): value for key, value in named.items()}
    fields = _sound(operator, {key: own[key] for key in operator.model_fields if key in own})
    activation = named.get("activation") if "activation" not in own.keys() & fields.keys() else None
    inputs = operator.input_names if len(operator.input_names) > 1 else ()
    return call_line(operator, fields, inputs), activation if isinstance(activation, str) else ""


def call_of(word: str) -> Call | None:
    """Returns the arguments of a call that is written as in Python, if it is one."""
    if "(" not in word or len(word) > LONGEST:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of doubtful Python, which it need not be
            call = ast.parse(word.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return Call()
    if not isinstance(call, ast.Call):
        return Call()
    values = [_value(argument) for argument in call.args]
    function = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if values and function.islower() and isinstance(call.args[0], ast.Name):
        del values[0]  # the tensor that a function is given
    return Call(values, {word.arg: _value(word.value) for word in call.keywords if word.arg})


def _value(node: ast.expr) -> object:
    """Returns the value of an argument: a name is a parameter, what computes is left open."""
    if isinstance(node, ast.Name):
        return f"={node.id}"
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        return OPEN


def _given(operator: type[Operator], given: object, library: str) -> Call:
    """Returns what a layer says behind its colon as a call; one value is the main one."""
    if isinstance(given, Mapping):
        return Call((), given)
    if isinstance(given, list) and 1 < len(given) <= len(_order(operator, library)):
        return Call(given)
    return Call((), {operator.primary: given} if operator.primary and given is not None else {})


def _by_position(
    operator: type[Operator], values: Sequence[object], library: str
) -> Mapping[str, object]:
    """Returns the arguments that are given by position, where it is known what they are."""
    if not library and len(values) == 1:
        return {operator.primary: values[0]} if operator.primary else {}
    required = [name for name, field in operator.model_fields.items() if field.is_required()]
    if not library and len(values) > len(required):
        return {}
    order = _order(operator, library)
    return dict(zip(order, values, strict=False)) if len(values) <= len(order) else {}


def _order(operator: type[Operator], library: str) -> Sequence[str]:
    family = re.sub(r"[123]d$", "", operator.kind())
    orders = TORCH if library == "torch" else KERAS
    return orders.get(family, [*operator.model_fields])


def _sound(operator: type[Operator], given: Mapping[str, object]) -> Mapping[str, object]:
    """Returns fields without values that the operator refuses; those it needs are left open."""
    fields = {name: _frozen(value) for name, value in given.items()}
    known = {
        name: value
        for name, value in fields.items()
        if not (isinstance(value, str) and value.startswith(("=", OPEN)))
    }
    try:
        operator.model_validate(known)
    except ValidationError as error:
        for fault in error.errors():
            name = fault["loc"][0] if fault["loc"] else ""
            if name in known:
                fields.pop(str(name), None)
    required = [name for name, field in operator.model_fields.items() if field.is_required()]
    whole = {name: OPEN for name in required if name not in fields} | fields
    order = [name for name in (operator.primary, *required, *whole) if name in whole]
    return {str(name): _quoted(whole[str(name)]) for name in order}


def _frozen(value: object) -> object:
    return tuple(_frozen(inner) for inner in value) if isinstance(value, (list, tuple)) else value


def _quoted(value: object) -> object:
    """Returns a formula in quotes if it needs them inside braces."""
    is_formula = isinstance(value, str) and value.startswith("=")
    return f'"{value}"' if is_formula and re.search(r"[,\[\]{}]", str(value)) else value
