"""Transfer learning: where weights start from, which of them learn when, and how fast."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from archspec.frontend.schema import Section
from archspec.frontend.train_schema.choice import Name, Positive, Rate, WithShortForm
from archspec.frontend.train_schema.optimizer import Optimizer, Schedule

Epochs: TypeAlias = Annotated[float, Field(ge=0, le=1_000_000)]
"""How many, of which the last may be a part of one."""

_NAME = {"type": "string", "minLength": 1}

Patterns: TypeAlias = Annotated[
    list[Name],
    BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    WithJsonSchema({"anyOf": [_NAME, {"type": "array", "items": _NAME}]}),
]
"""Names of layers, or of what they are in; `*`, `?` and `[12]` stand for letters of names."""

Factors: TypeAlias = dict[Name, Rate]
"""What the learning rate is multiplied by, by names of layers or of weights; the first counts."""


class Weights(WithShortForm):
    """Trained or imported weights that training starts from."""

    short: ClassVar[tuple[str, type]] = ("file", str)

    file: Name = Field(
        description="a run directory, a checkpoint or a .safetensors file, relative to the spec"
    )
    to: Name | None = Field(
        default=None, description="the layer that takes them; the whole network if left out"
    )
    skip: Patterns = Field(
        default=[],
        description="layers below `to` that take none and start from their initialisers, such as "
        "the classifier",
    )


class Phase(Section):
    """A part of a run: what learns in it, and how; it goes on from where the last one ended."""

    epochs: Positive = Field(description="passes over the training examples")
    freeze: Patterns = Field(default=[], description="layers that learn no more")
    unfreeze: Patterns = Field(default=[], description="layers that learn from now on")
    batch_norm: Literal["frozen", "trained"] = Field(
        default="frozen",
        description="whether batch norm in unfrozen layers stays as it is, in evaluation mode, "
        "or is trained too",
    )
    lr: Rate | None = Field(
        default=None, description="learning rate of `train.optimizer` in this phase"
    )
    optimizer: Optimizer | None = Field(
        default=None, description="another one than `train.optimizer`"
    )
    schedule: Schedule | None = Field(
        default=None,
        description="another one than `train.schedule`; either is laid out over the phase",
    )
    warmup: Epochs | None = Field(default=None, description="another one than `train.warmup`")
    learning_rates: Factors | None = Field(
        default=None, description="others than `train.learning_rates`"
    )

    @model_validator(mode="after")
    def _one_rate(self) -> Self:
        if self.lr is not None and self.optimizer is not None:
            raise ValueError("say the rate once: `lr`, or within `optimizer`")
        return self

    @model_validator(mode="after")
    def _batch_norm_of_unfrozen_layers(self) -> Self:
        if self.batch_norm == "trained" and not self.unfreeze:
            raise ValueError(
                "`batch_norm: trained` is about the layers that `unfreeze` names, and there is none"
            )
        return self
