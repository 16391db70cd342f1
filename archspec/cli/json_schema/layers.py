"""The schema of a layer: operators with their fields, constructs, and calls of blocks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archspec import ops
from archspec.cli.json_schema.dialect import FORMULA, Schema, field_schemas, value_schema
from archspec.cli.json_schema.hover import field_texts, operator_text, summary, topic_text
from archspec.cli.json_schema.keys import KEYS, LAYERS, PATH, REFERENCE, Rows, treatments
from archspec.frontend import topics
from archspec.frontend.layer import CONSTRUCTS, NESTING, RESERVED
from archspec.frontend.schema import NAME
from archspec.ir.op import NonNegativeNumber, Operator

DEFAULTS: Schema = {"$ref": "#/definitions/defaults_of_operator"}

_LAYER_NAME: Schema = {
    "pattern": f"{FORMULA}|{NAME}",
    "patternErrorMessage": "must be the name of an operator or block, or a formula (`=…`)",
}

_BODIES = {
    "residual": "[$1]",
    "group": "[$1]",
    "auxiliary": "{name: $1, layers: [$2]}",
    "reuse": "$1",
    "use": "$1",
}


def layer() -> Schema:
    """Returns the schema of a layer; a name that is no operator's may be that of a block."""
    operators = [ops.find(name) for name in ops.names()]
    calls = {op.kind(): _merge(op) if op.variadic else _operator(op) for op in operators}
    calls |= {name: _construct(name) for name in CONSTRUCTS}
    alone = [
        {"if": {"const": name}, "then": {"markdownDescription": call["markdownDescription"]}}
        for name, call in calls.items()
        if "null" in call.get("type", ["null"])
    ]
    return _LAYER_NAME | {
        "type": ["string", "object"],
        "minProperties": 1,
        "maxProperties": 1,
        "propertyNames": _LAYER_NAME,
        # What an editor would write for them is less than the snippets.
        "properties": {name: call | {"doNotSuggest": True} for name, call in calls.items()},
        "additionalProperties": KEYS,
        "defaultSnippets": [
            *(_snippet(op.kind(), _body(op), summary(op)) for op in operators),
            *(_snippet(name, _BODIES[name], topics.TOPICS[name].title) for name in CONSTRUCTS),
        ],
        "if": {"type": "string"},
        "then": {"allOf": alone},
    }


def defaults_of(name: str) -> Schema:
    """Returns the schema of the defaults of an operator."""
    return {"allOf": [DEFAULTS, {"$ref": f"#/definitions/layer/properties/{name}"}]}


def defaults_of_operator() -> Schema:
    """Returns what the defaults of all operators have in common: what is said of fields alone."""
    of_calls = [key for key in RESERVED if key not in treatments()]
    return {
        "type": "object",
        "propertyNames": {
            "pattern": f"^(?!({'|'.join(of_calls)})$)",
            "patternErrorMessage": "must be a field: this is said where a layer is called",
        },
    }


def _operator(op: type[Operator]) -> Schema:
    fields = _fields(op)
    call = _keys({**_inputs(op), **fields})
    short = _short_form(fields.get(op.primary or "", {"type": []}))
    parts = [*call["allOf"], *short["allOf"]]
    return {"markdownDescription": operator_text(op), **call, **short, "allOf": parts}


def _short_form(primary: Schema) -> Schema:
    """Returns what a call takes instead of a mapping of keys: a value of its primary field."""
    # What else is said of the field is not about the mapping that may be written instead.
    apart = ("type", "description", "default", "errorMessage", "defaultSnippets", "allOf")
    made = {key: value for key, value in primary.items() if key not in apart}
    if "pattern" in made:
        made["patternErrorMessage"] = primary["errorMessage"]
    if "type" in primary:
        types = [primary["type"]] if isinstance(primary["type"], str) else primary["type"]
        made["type"] = [*dict.fromkeys([*types, "object", "null"])]
    of_lists = [part for part in primary.get("allOf", ()) if "items" in part]
    return made | {"allOf": of_lists}


def _merge(op: type[Operator]) -> Schema:
    each = value_schema(Rows) | {"markdownDescription": topic_text("each")}
    return {
        "type": ["array", "object"],
        "markdownDescription": operator_text(op),
        "items": REFERENCE | {"type": ["string", "array"]},
        "minItems": 2,
        "minProperties": 2,
        "dependencies": {"each": ["path"]},
        **_keys(_fields(op) | {"each": each}),
        "additionalProperties": PATH,
    }


def _construct(name: str) -> Schema:
    main, *_ = CONSTRUCTS[name]
    text = {"type": "string"}
    values: dict[str, Schema] = {
        "body": LAYERS,
        "shortcut": PATH,
        "layers": LAYERS,
        "weight": value_schema(NonNegativeNumber),
        "layer": REFERENCE,
        "spec": {"type": ["string", "object"]},  # an object where a spec is in one piece
        "variant": text,
        "params": value_schema(dict[str, Any]),
        "until": text,
    }
    own = {key: values[key] for key in CONSTRUCTS[name]}
    for key, meaning in topics.TOPICS[name].tables["keys"].items():
        own[key] = {"allOf": [own[key]], "description": meaning}
    return {
        "type": [values[main]["type"], "object"] if name in NESTING else ["string", "object"],
        "markdownDescription": topic_text(name),
        **({"items": LAYERS["items"]} if name in NESTING else {}),
        "required": [main],
        **_keys(own),
    }


def own_keys(call: Schema) -> dict[str, Schema]:
    """Returns the schemas of the keys that a layer does not share with every layer."""
    properties: dict[str, Schema] = call["allOf"][0]["properties"]
    return properties


def _keys(own: Mapping[str, Schema]) -> Schema:
    """Returns what accepts a mapping of keys of its own and of those of every layer."""
    return {
        "patternProperties": {f"^({'|'.join([*own, *RESERVED])})$": True},
        "additionalProperties": False,
        "allOf": [{"properties": own}, KEYS],  # in the order in which editors offer them
    }


def _fields(op: type[Operator]) -> dict[str, Schema]:
    """Returns the schemas of an operator's fields, those that must be given first."""
    schemas, texts = field_schemas(op), field_texts(op)
    order = [*dict.fromkeys([*_required(op), *schemas])]
    return {name: schemas[name] | {"description": texts[name]} for name in order}


def _inputs(op: type[Operator]) -> dict[str, Schema]:
    """Returns the schemas of the inputs; an only one is seldom said, so it is not offered."""
    alone = {"doNotSuggest": True} if len(op.input_names) == 1 else {}
    text = "what flows in here: the name of a layer or an input, or a list of layers"
    return {name: {"allOf": [PATH], "description": text, **alone} for name in op.input_names}


def _required(op: type[Operator]) -> list[str]:
    """Returns the names of the fields that must be given, the main one first."""
    names = [name for name, field in op.model_fields.items() if field.is_required()]
    return sorted(names, key=lambda name: name != op.primary)


def _snippet(name: str, body: str, text: str) -> Schema:
    """Returns what an editor offers for a name, and writes with places to fill."""
    return {"label": name, "bodyText": f"{name}: {body}" if body else name, "description": text}


def _body(op: type[Operator]) -> str:
    """Returns the fields of an operator that must be given; empty if it can stand alone."""
    if op.variadic:
        return "[$1, $2]"
    required = _required(op)
    if required == [op.primary]:
        return "$1"
    fields = ", ".join(f"{name}: ${index}" for index, name in enumerate(required, 1))
    return fields and f"{{{fields}}}"
