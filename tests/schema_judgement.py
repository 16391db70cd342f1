"""What the JSON Schema says of a spec."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError

from archspec.cli.json_schema import document

SCHEMA = document()
VALIDATOR = Draft7Validator(SCHEMA)


def faults(spec: object) -> list[tuple[str, str]]:
    """Returns the place and message of every fault; that of an unknown key is the key."""
    return [found for error in VALIDATOR.iter_errors(spec) for found in _places(error)]


def _places(error: ValidationError) -> Iterator[tuple[str, str]]:
    place = [*map(str, error.absolute_path)]
    unknown: list[str] = []
    if error.validator == "additionalProperties":
        unknown = re.findall(r"'([^']+)'", error.message.partition("match")[0])
    for key in unknown or [""]:
        yield ".".join([*place, key] if key else place), error.message


def explained(schema: dict[str, Any], whole: dict[str, Any] = SCHEMA) -> str:
    """Returns what an editor shows of a key."""
    if "$ref" in schema:
        schema = whole["definitions"][schema["$ref"].rpartition("/")[2]]
    return str(schema.get("markdownDescription") or schema.get("description", ""))
