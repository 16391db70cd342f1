"""The schemas of the keys that every layer understands, and of the paths beside and inside it."""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from typing import Any, TypeAlias

from archspec.cli.json_schema.dialect import Schema, translated, value_schema
from archspec.cli.json_schema.hover import topic_text
from archspec.frontend.layer import RESERVED
from archspec.frontend.names import MODULE_ATTRIBUTES
from archspec.frontend.treatments import FILLS, INITIALIZERS, PENALTIES
from archspec.ir.op import NonNegative, NonNegativeNumber

LAYERS: Schema = {"type": "array", "items": {"$ref": "#/definitions/layer"}}
PATH: Schema = {"$ref": "#/definitions/path"}
KEYS: Schema = {"$ref": "#/definitions/keys_of_every_layer"}

REFERENCE: Schema = {
    "type": "string",
    "pattern": "^[A-Za-z_][A-Za-z0-9_]*([.].+)?$",
    "errorMessage": "must be the name of a layer or an input",
}
SOURCE: Schema = {
    **REFERENCE,
    "type": ["string", "array"],
    "errorMessage": "must be the name of a layer or an input, or a list of names",
    "allOf": [{"items": REFERENCE, "minItems": 1}],
}
Rows: TypeAlias = NonNegative | list[dict[str, Any]] | dict[str, list[Any]]


def keys_of_every_layer() -> Schema:
    """Returns the schema of the keys that every layer understands."""
    arguments = value_schema(dict[str, Any], formulas=False)
    values = {
        "name": _name(),
        "from": SOURCE,
        "repeat": value_schema(Rows),
        "first": arguments,
        "last": arguments,
        "when": value_schema(bool),
        "freeze": value_schema(bool | str | list[str]),
        "expect": value_schema(list[int | str]),
        **treatments(),
    }
    shown = {key: {"markdownDescription": topic_text(key)} for key in RESERVED}
    return {"properties": {key: values[key] | shown[key] for key in RESERVED}}


def treatments() -> Mapping[str, Schema]:
    """Returns the schemas of the keys that say how training treats weights."""
    named = {"type": "string", "enum": [*FILLS]}
    with_options = {
        "type": "object",
        "properties": {name: _options(options) for name, (*_, options) in FILLS.items()},
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
    return {
        **dict.fromkeys(INITIALIZERS, translated({"anyOf": [named, with_options]})),
        **dict.fromkeys((*PENALTIES, "max_norm"), value_schema(NonNegativeNumber)),
    }


def path() -> Schema:
    """Returns the schema of a path: layers, a reference, or a mapping of both."""
    form = {
        "type": ["array", "string", "object"],
        "pattern": REFERENCE["pattern"],
        "errorMessage": "must be a list of layers, or the name of a layer or an input",
    }
    return {
        "allOf": [form],  # apart, as its message is not about unknown keys
        "items": LAYERS["items"],
        "properties": {"when": value_schema(bool), "from": SOURCE, "layers": LAYERS},
        "additionalProperties": False,
    }


def _name() -> Schema:
    taken = "|".join(sorted({*MODULE_ATTRIBUTES, *keyword.kwlist, "self"}))
    return {
        "type": "string",
        "pattern": f"^(?!({taken})$)[A-Za-z][A-Za-z0-9_]*$",
        "errorMessage": "must be a name of letters, digits and `_`, and none for which Python or "
        "torch.nn.Module has a use",
    }


def _options(options: Mapping[str, float]) -> Schema:
    """Returns the schema of an initialiser's options, or of its first one alone."""
    each = {option: {"type": "number"} for option in options}
    whole = {"type": "object", "properties": each, "additionalProperties": False}
    return {"anyOf": [whole, {"type": "number"}]} if options else whole
