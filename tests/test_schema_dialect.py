"""How types become JSON Schema: nothing that pydantic takes is refused, and formulas are taken."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from jsonschema import Draft7Validator
from pydantic import Field, TypeAdapter
from random_operators import as_yaml
from spec_form import Written

from archspec import ops
from archspec.cli.json_schema.dialect import field_schemas, value_schema

Positive = Annotated[int, Field(gt=0)]
TYPES: list[tuple[Any, list[object], list[object]]] = [
    (int, [3, -1], ["3", True, 2.5, None, [3], "three"]),
    (Positive, [1], [0, -1]),
    (Positive | Literal[0, -1], [1, 0, -1], ["zero"]),
    (Positive | float, [1, 2.5], ["much", True]),
    (Positive | None, [1, None], [0, "none"]),
    (bool, [True, False], [0, "yes"]),
    (Literal["same", "a+b", "(c)"], ["same", "a+b", "(c)"], ["aab", "c", 3]),
    (Literal[1, 3], [1, 3], [2, "one"]),
    (Literal["same"] | Positive, ["same", 3], ["valid", 0]),
    (str, ["anything", ""], [3, None]),
    (Annotated[str, Field(pattern="^[a-z]+$")], ["abc"], ["ABC", 3]),
    (list[Positive], [[], [1, 2]], [[0], ["one"], 1]),
    (list[Positive] | list[list[Positive]], [[1], [[1, 2]]], [3]),
    (tuple[int, Literal["a"]], [[1, "a"]], [["a", 1], [1], [1, "a", 2]]),
    (dict[str, Positive], [{}, {"a": 1}], [{"a": 0}, [1]]),
    (dict[Annotated[str, Field(pattern="^[a-z]+$")], int], [{"a": 1}], [{"A": 1}]),
    (dict[str, int] | Positive, [{"a": 1}, 3], [{"a": "b"}, 0]),
    (Any, [1, "a", None, [1], {"a": 1}], []),
]


@pytest.mark.parametrize(("annotation", "right", "wrong"), TYPES)
@pytest.mark.parametrize("formulas", [True, False])
def test_a_value_is_taken_if_its_type_takes_it(
    annotation: Any,  # noqa: ANN401 - a type
    right: list[object],
    wrong: list[object],
    *,
    formulas: bool,
) -> None:
    schema = Draft7Validator(value_schema(annotation, formulas=formulas))
    model = TypeAdapter(annotation)
    for value in right:
        model.validate_python(value)
        assert schema.is_valid(value)
    for value in wrong:
        assert not schema.is_valid(value)


@pytest.mark.parametrize(("annotation", "right", "_"), TYPES)
def test_formulas_are_values_only_where_something_evaluates_them(
    annotation: Any,  # noqa: ANN401 - a type
    right: list[object],
    _: object,
) -> None:
    assert Draft7Validator(value_schema(annotation)).is_valid("=n + 1")
    as_written = Draft7Validator(value_schema(annotation, formulas=False))
    assert as_written.is_valid("=n + 1") == (annotation in (str, Any))


@pytest.mark.parametrize(
    "text",
    ["25_557_032", "+1_0", "-1_0", "1e-3", "1E5", "1_0.5", ".5e1", "1.e3", "0xFF", "0xF_F"],
)
def test_numbers_that_readers_take_for_text_are_numbers(text: str) -> None:
    numeric: list[Any] = [int, float, int | None, list[int] | int]
    for annotation in numeric:
        assert Draft7Validator(value_schema(annotation, formulas=False)).is_valid(text)
    other: list[Any] = [bool, list[int], Literal["same"]]
    for annotation in other:
        assert not Draft7Validator(value_schema(annotation)).is_valid(text)


@pytest.mark.parametrize("name", ops.names())
def test_every_field_may_be_a_formula_and_so_may_its_parts(name: str) -> None:
    schemas = {key: Draft7Validator(field) for key, field in field_schemas(ops.find(name)).items()}
    for schema in schemas.values():
        assert schema.is_valid("=n")
    for example in ops.find(name).examples:
        for key, value in as_yaml(example.fields).items():
            assert schemas[key].is_valid(with_formulas(value))


def with_formulas(value: Written) -> Written:
    """Returns a value with a formula in place of each number, word and truth value."""
    if isinstance(value, list):
        return [with_formulas(item) for item in value]
    if isinstance(value, dict):
        return {key: with_formulas(item) for key, item in value.items()}
    return value if value is None else "=n"
