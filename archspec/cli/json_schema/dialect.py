"""From pydantic's JSON Schema of a type to one that suits how specs are written and read.

A value may be a formula wherever the language has values, editors read `61_706` as text, and
yaml-language-server explains a mistake best where a schema has no alternatives. So the members
of a union become one schema: each keyword speaks of the values of one type only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, JsonSchemaWarningKind

from archspec.frontend.validation import PATTERNS

Schema: TypeAlias = dict[str, Any]

FORMULA = "^="
NUMERAL = "^(?=.*[_eE])[-+]?[.]?[0-9][0-9_.]*([eE][-+]?[0-9]+)?$|^0x[0-9a-fA-F_]+$"
"""Numbers that are text to some readers: with `_` in YAML 1.2, with an exponent in 1.1."""

_OF_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_COMPOSITE = ("array", "object")

_NOUNS = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}


def section_schema(model: type[BaseModel]) -> Schema:
    """Returns the schema of a section of a spec, whose values are as they are written."""
    return translated(model.model_json_schema(), formulas=False)


def field_schemas(model: type[BaseModel]) -> dict[str, Schema]:
    """Returns the schemas of a model's fields, all of whose values may be formulas."""
    whole = model.model_json_schema(schema_generator=_Generator)
    translation = _Translation(whole.get("$defs", {}), formulas=True)
    return {name: translation.of(field) for name, field in whole.get("properties", {}).items()}


def value_schema(annotation: Any, *, formulas: bool = True) -> Schema:  # noqa: ANN401 - a type
    """Returns the schema of a value of some type."""
    return translated(TypeAdapter(annotation).json_schema(), formulas=formulas)


def translated(schema: Schema, *, formulas: bool = True) -> Schema:
    """Returns a schema of pydantic's in the dialect of this module.

    Args:
        schema: The schema, with its definitions.
        formulas: Whether each value may be a formula.
    """
    return _Translation(schema.get("$defs", {}), formulas=formulas).of(schema)


class _Generator(GenerateJsonSchema):
    """Lets anything stand where a user's own operator has a type that JSON does not."""

    ignored_warning_kinds: set[JsonSchemaWarningKind] = {  # noqa: RUF012 - pydantic's interface
        "skipped-choice",
        "non-serializable-default",
    }

    def handle_invalid_for_json_schema(self, *_: object) -> JsonSchemaValue:
        """Returns the schema of anything."""
        return {}


class _Translation:
    """Translates the schemas of one model."""

    def __init__(self, definitions: Mapping[str, Schema], *, formulas: bool) -> None:
        self._definitions = definitions
        self._formulas = formulas

    def of(self, schema: Schema) -> Schema:
        """Returns a schema, translated; with its members merged, if it is a union."""
        members = [*self._members(schema)]
        types = [type_ for member in members for type_ in self._types(member)]
        made: Schema = {"type": _one_or_all(types)} if types else {}
        for key in ("description", "default"):
            if schema.get(key) is not None and not isinstance(schema[key], dict):
                made[key] = schema[key]
        made |= _kept(_only(members, "integer", "number"), _OF_NUMBERS)
        made |= _kept(_only(members, "string"), ("minLength",)) | self._of_words(members, types)
        if "enum" in made:
            del made["type"]  # one message is enough
        of_lists = self._of_lists(_only(members, "array"))
        of_mappings = self._of_mappings(_only(members, "object"))
        if len([type_ for type_ in types if type_ != "null"]) == 1 and types[0] in _COMPOSITE:
            return made | of_lists | of_mappings
        # Apart, as editors would write a list or mapping where there is one at hand, and as the
        # message is not about unknown keys.
        apart = [part for part in (of_lists, of_mappings) if part]
        made |= {"allOf": apart} if apart else {}
        return made | ({"errorMessage": f"must be {self._wanted(members)}"} if types else {})

    def _members(self, schema: Schema) -> Iterator[Schema]:
        if "$ref" in schema:
            schema = self._definitions[schema["$ref"].rpartition("/")[2]]
        union = schema.get("anyOf", schema.get("oneOf"))
        if union is None:
            yield schema
        for member in union or ():
            yield from self._members(member)

    def _types(self, member: Schema) -> Iterator[str]:
        if "type" in member:
            yield member["type"]
            if self._formulas or member["type"] in ("integer", "number"):
                yield "string"

    def _of_lists(self, member: Schema) -> Schema:
        made = _kept(member, ("minItems", "maxItems"))
        if "prefixItems" in member:
            made["items"] = [self.of(item) for item in member["prefixItems"]]
        elif member.get("items"):
            made["items"] = self.of(member["items"])
        return made

    def _of_mappings(self, member: Schema) -> Schema:
        made = _kept(member, ("minProperties", "maxProperties", "required"))
        for key in ("properties", "patternProperties"):
            if key in member:
                made[key] = {name: self.of(inner) for name, inner in member[key].items()}
        other = member.get("additionalProperties", "patternProperties" not in member)
        if other is not True:
            made["additionalProperties"] = self.of(other) if other else False
        return made

    def _of_words(self, members: Sequence[Schema], types: Sequence[str]) -> Schema:
        """Returns which texts are accepted: some words, names, and what stands for a value."""
        words = [word for member in members for word in _words(member)]
        others = [member for member in members if not _words(member)]
        if words and not self._formulas and all(other["type"] == "null" for other in others):
            return {"enum": [*words, *(None for _ in others)]}
        texts = [other for other in others if other.get("type") == "string"]
        if "string" not in types or any("pattern" not in text for text in texts):
            return {}
        patterns = [FORMULA] if self._formulas else []
        patterns += [text["pattern"] for text in texts]
        patterns += [] if {"integer", "number"}.isdisjoint(types) else [NUMERAL]
        spoken = [word for word in words if isinstance(word, str)]
        numbers = [word for word in words if not isinstance(word, str)]
        patterns += [f"^({'|'.join(map(_escaped, spoken))})$"] if spoken else []
        made: Schema = {"pattern": "|".join(patterns)}
        if words:
            made["defaultSnippets"] = [{"label": str(word), "body": word} for word in words]
        if numbers and _words(_only(members, "integer", "number")):
            made |= {"if": {"type": "integer"}, "then": {"enum": numbers}}
        return made

    def _wanted(self, members: Iterable[Schema]) -> str:
        """Returns what is accepted, to follow `must be`."""
        wanted: list[str] = []
        for member in members:
            text = PATTERNS.get(member.get("pattern", ""), "text")
            words = [f"`{word}`" for word in _words(member)]
            wanted += words or [_NOUNS.get(member["type"], text)]
        wanted += ["a formula (`=…`)"] if self._formulas else []
        *first, last = dict.fromkeys(wanted)
        return f"{', '.join(first)} or {last}" if first else last


def _only(members: Iterable[Schema], *types: str) -> Schema:
    """Returns the only member of some types; nothing can be said of several in one schema."""
    found = [member for member in members if member.get("type") in types]
    return found[0] if len(found) == 1 else {}


def _escaped(word: str) -> str:
    """Returns a word for a regular expression of JavaScript, which takes less than `re.escape`."""
    return re.sub(r"([][$()*+./?\\^{|}])", r"\\\1", word)


def _kept(member: Schema, keys: Iterable[str]) -> Schema:
    return {key: member[key] for key in keys if key in member}


def _words(member: Schema) -> list[Any]:
    """Returns the words or numbers that are all a schema accepts; empty if there are others."""
    return [member["const"]] if "const" in member else list(member.get("enum", ()))


def _one_or_all(types: Sequence[str]) -> str | list[str]:
    # Editors write a value of the first type, and a number is to be none in quotes.
    distinct = sorted(dict.fromkeys(types), key=lambda type_: (type_ == "null", type_ == "string"))
    return distinct[0] if len(distinct) == 1 else distinct
