"""The schema of a file: a spec, or a library of blocks that specs include."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

from archspec import ops
from archspec.cli.json_schema.dialect import Schema, section_schema
from archspec.cli.json_schema.hover import topic_text
from archspec.cli.json_schema.keys import LAYERS, keys_of_every_layer, path, treatments
from archspec.cli.json_schema.layers import defaults_of, defaults_of_operator, layer, own_keys
from archspec.cli.json_schema.names import SOURCES, known_layer, known_path
from archspec.frontend import topics
from archspec.frontend.library_schema import Library
from archspec.frontend.schema import NAME, ArchSpec, Block
from archspec.frontend.train_schema import TrainSpec
from archspec.frontend.treatments import OUTPUT_KEYS

FILE: Schema = {"type": ["string", "object"]}  # a whole spec, where several are in one piece


def document() -> Schema:
    """Returns the JSON Schema (draft 7) of the files of the language, with all operators."""
    one_layer = layer()
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "description": "A neural-network architecture, as `archspec check` reads it",
        # A file of nothing but blocks is a library; where it is included, it may have a name.
        "if": {
            "required": ["blocks"],
            "not": {"anyOf": [{"required": [key]} for key in ("inputs", "layers", "extends")]},
        },
        "then": {"$ref": "#/definitions/library"},
        "else": {"$ref": "#/definitions/spec"},
        "definitions": {
            "spec": _spec(),
            "library": _common(section_schema(Library)),
            "block": _block(),
            "defaults": _defaults(),
            "defaults_of_operator": defaults_of_operator(),
            "layer": one_layer,
            "path": path(),
            "known_layer": known_layer(),
            "known_path": known_path(),
            "keys_of_every_layer": keys_of_every_layer(),
            **_shared(one_layer["properties"]),
        },
    }


def _shared(calls: Mapping[str, Schema]) -> dict[str, Schema]:
    """Puts references in place of fields, and returns the fields: most are those of several."""
    fields: dict[str, Schema] = {}
    for call in calls.values():
        keys = own_keys(call)
        for name, field in keys.items():
            names = (f"{name}.{number}" for number in count(1))
            shared = next(each for each in names if fields.setdefault(each, field) == field)
            keys[name] = _reference(shared)
    return fields


def _spec() -> Schema:
    made = _common(section_schema(ArchSpec))
    keys = made["properties"]
    keys["layers"] |= LAYERS
    keys["train"] |= section_schema(TrainSpec)
    keys["train"] |= {"if": {"required": ["phases"]}, "else": {"required": ["epochs"]}}
    keys["extends"] |= FILE | {
        "required": ["spec"],
        "properties": {"spec": FILE, "variant": {"type": "string"}},
        "additionalProperties": False,
    }
    variant = keys["variants"]["additionalProperties"]
    variant["properties"]["defaults"] = {"anyOf": [_reference("defaults"), {"type": "null"}]}
    # All but the name may come from the spec that this one extends.
    inherited = [key for key in made["required"] if key != "name"]
    made |= {"required": ["name"], "if": {"required": ["extends"]}, "else": {"required": inherited}}
    has_blocks = {"anyOf": [{"required": [key]} for key in SOURCES]}
    return made | {"allOf": [{"if": has_blocks, "else": _reference("known_path")}]}


def _common(section: Schema) -> Schema:
    """Returns the schema of a file, with what stands in specs and libraries."""
    keys = section["properties"]
    for key, schema in keys.items():
        if key in topics.TOPICS:
            schema["markdownDescription"] = topic_text(key)
    keys["blocks"]["patternProperties"][NAME] = _reference("block")
    keys["defaults"] = _reference("defaults")
    keys["include"] |= {"items": FILE}
    return section


def _block() -> Schema:
    made = section_schema(Block)
    made["properties"]["layers"] |= LAYERS
    return made


def _defaults() -> Schema:
    of_file = {key: schema for key, schema in treatments().items() if key not in OUTPUT_KEYS}
    return {
        "type": "object",
        "markdownDescription": topic_text("defaults"),
        "properties": {**{name: defaults_of(name) for name in ops.names()}, **of_file},
        "additionalProperties": {"type": "object"},
    }


def _reference(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}
