"""The names of layers in a spec that can have no blocks: an unknown one is a misspelling.

What `layers.py` says of a layer holds in every file, so any name may be that of a block there.
This goes through the same places once more and speaks of nothing but names. All is said in
patterns, of which editors offer nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from archspec import ops
from archspec.cli.json_schema.dialect import Schema
from archspec.frontend.layer import CONSTRUCTS, NESTING, RESERVED
from archspec.frontend.schema import NAME
from archspec.ir.op import Operator

_LAYER: Schema = {"$ref": "#/definitions/known_layer"}
_PATH: Schema = {"$ref": "#/definitions/known_path"}

SOURCES = ("blocks", "include", "extends")
"""The keys by which a file comes to have blocks."""


def known_path() -> Schema:
    """Returns the schema of layers, or of what has layers, a path or a spec: all names known."""
    return {"items": _LAYER, "patternProperties": {"^layers$": _PATH}}


def known_layer() -> Schema:
    """Returns the schema of a layer whose name is known, with the layers inside it."""
    # What cannot be a name has its message already.
    known = {
        "pattern": f"{_one_of([*ops.names(), *CONSTRUCTS])}|^(?!{NAME.strip('^')})",
        "patternErrorMessage": "no operator has this name (`archspec explain` lists them), "
        "and the file has no blocks",
    }
    operators = [ops.find(name) for name in ops.names()]
    parts: dict[str, list[str]] = {}
    for op in operators:
        parts.setdefault(_paths(op), []).append(op.kind())
    of_constructs = _one_of(key for construct in NESTING for key in CONSTRUCTS[construct])
    inside = {_one_of(NESTING): {"items": _LAYER, "patternProperties": {of_constructs: _PATH}}}
    inside |= {
        _one_of(names): {"patternProperties": {each: _PATH}} for each, names in parts.items()
    }
    return {**known, "propertyNames": known, "patternProperties": inside}


def _paths(op: type[Operator]) -> str:
    """Returns a pattern of the keys that hold paths in a call of an operator."""
    if not op.variadic:
        return _one_of(op.input_names)
    return f"^(?!({'|'.join([*RESERVED, *op.model_fields, 'each'])})$)"


def _one_of(names: Iterable[str]) -> str:
    return f"^({'|'.join(names)})$"
