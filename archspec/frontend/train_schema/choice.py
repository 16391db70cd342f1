"""What the parts of a `train` section have in common: kinds of numbers, and choices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self, TypeAlias

from pydantic import AfterValidator, Field, ValidationError, model_validator

from archspec.frontend.schema import Section

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

Name: TypeAlias = Annotated[str, Field(min_length=1)]
Positive: TypeAlias = Annotated[int, Field(gt=0, le=2**31 - 1)]
Pixels: TypeAlias = Annotated[int, Field(gt=0, le=8192)]
Seed: TypeAlias = Annotated[int, Field(ge=0, lt=2**32)]
Number: TypeAlias = Annotated[float, Field(allow_inf_nan=False, ge=-1e30, le=1e30)]
"""What single precision can hold, with room for a product."""

Fraction: TypeAlias = Annotated[float, Field(gt=0, lt=1)]
Rate: TypeAlias = Annotated[Number, Field(gt=0)]
Penalty: TypeAlias = Annotated[Number, Field(ge=0)]
Share: TypeAlias = Annotated[float, Field(ge=0, lt=1)]


def _fraction_or_count(value: float) -> float:
    if value < 1:
        return value
    if value != int(value):
        raise ValueError(f"{value} is neither a fraction below 1 nor a number of examples")
    return int(value)


Portion: TypeAlias = Annotated[Number, Field(ge=0), AfterValidator(_fraction_or_count)]
"""A fraction below 1, as a `float`, or a number of examples, as an `int`."""

Some: TypeAlias = Annotated[Number, Field(gt=0), AfterValidator(_fraction_or_count)]
"""The same, and more than none."""


class WithShortForm(Section):
    """A section that may be given as the value of one of its fields.

    Attributes:
        short: The field, and what its values are in YAML.
    """

    short: ClassVar[tuple[str, type]]

    @model_validator(mode="before")
    @classmethod
    def _whole(cls, value: Any) -> Any:  # noqa: ANN401
        field, kind = cls.short
        return {field: value} if isinstance(value, kind) else value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Returns a mapping, or the field alone."""
        whole = handler.resolve_ref_schema(handler(schema))
        return {"anyOf": [whole, whole["properties"][cls.short[0]]]}


class Choice(Section):
    """One of several things, each with its options."""

    @model_validator(mode="before")
    @classmethod
    def _with_options(cls, value: Any) -> Any:  # noqa: ANN401
        return {value: {}} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if len(self._given()) != 1:
            raise ValueError(f"choose one of {', '.join(type(self).model_fields)}")
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Returns a mapping of one key, or a name that needs no options."""
        whole = handler.resolve_ref_schema(handler(schema))
        bare = [name for name in cls.model_fields if cls._stands_alone(name)]
        names = [{"type": "string", "enum": bare}] if bare else []
        return {"anyOf": [{**whole, "minProperties": 1, "maxProperties": 1}, *names]}

    @classmethod
    def _stands_alone(cls, name: str) -> bool:
        try:
            cls.model_validate(name)
        except ValidationError:
            return False
        return True

    @property
    def name(self) -> str:
        """What is chosen."""
        return self._given()[0]

    @property
    def options(self) -> Any:  # noqa: ANN401
        """The options of what is chosen: a section, or a single value."""
        return getattr(self, self.name)

    def _given(self) -> list[str]:
        return [name for name in type(self).model_fields if getattr(self, name) is not None]
