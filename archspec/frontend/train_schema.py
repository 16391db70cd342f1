"""The `train` section of a spec: data, loss, optimiser, and how long.

Words and defaults are PyTorch's. What can be chosen is a mapping of one key, the choice,
to its options, as layers are; the bare name is the choice with its defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, ValidationError, model_validator

from archspec.frontend.schema import Section

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

Positive: TypeAlias = Annotated[int, Field(gt=0, le=2**31 - 1)]
Pixels: TypeAlias = Annotated[int, Field(gt=0, le=8192)]
Seed: TypeAlias = Annotated[int, Field(ge=0, lt=2**32)]
Number: TypeAlias = Annotated[float, Field(allow_inf_nan=False, ge=-1e30, le=1e30)]
"""What single precision can hold, with room for a product."""

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


class Resize(Section):
    """A new size for images."""

    size: Annotated[list[Pixels], Field(min_length=2, max_length=2)] = Field(
        description="height and width, each at most 8192"
    )
    interpolation: Literal["bilinear", "bicubic", "nearest"] = Field(
        default="bilinear", description="how pixels in between are found"
    )

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:  # noqa: ANN401
        return {"size": value} if isinstance(value, list) else value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Returns a mapping, or the size alone."""
        whole = handler.resolve_ref_schema(handler(schema))
        return {"anyOf": [whole, whole["properties"]["size"]]}


class Normalize(Section):
    """Shift and scale of each channel, or of each feature: `(x - mean) / std`."""

    mean: list[Number] = Field(min_length=1, description="one for all channels, or one for each")
    std: list[Rate] = Field(min_length=1, description="one for all channels, or one for each")


class Step(Choice):
    """One step of preprocessing, applied to every example in training and prediction."""

    rescale: Number | None = Field(default=None, description="a factor for every value")
    resize: Resize | None = Field(default=None, description="a new [height, width] for images")
    normalize: Normalize | None = Field(default=None, description="(x - mean) / std")


class Split(Section):
    """How examples are divided; the test split is taken first, validation from the rest.

    Both are scikit-learn's `train_test_split` with `random_state=seed`.
    """

    test: Annotated[Portion, Field(gt=0)] = Field(
        default=0.2, description="share of all examples below 1, or their number"
    )
    validation: Portion = Field(
        default=0, description="share of what is not test, or number; 0 for none"
    )
    seed: Seed = Field(default=0, description="which of all possible splits")
    stratify: bool = Field(
        default=True, description="whether each split has the classes in equal proportion"
    )


DATASETS: Mapping[str, int] = {"breast_cancer": 2, "digits": 10, "iris": 3, "wine": 3}
"""The data sets that are at hand, with their numbers of classes."""


class Data(Section):
    """What a network is trained on: a data set that is at hand, or a NumPy archive."""

    dataset: Literal["breast_cancer", "digits", "iris", "wine"] | None = Field(
        default=None, description="one of the data sets that come with scikit-learn"
    )
    npz: Annotated[str, Field(min_length=1)] | None = Field(
        default=None,
        description="a NumPy archive, relative to the spec: arrays x and y, or x_train, y_train, "
        "x_test and y_test",
    )
    classes: Annotated[list[str], Field(min_length=2)] | None = Field(
        default=None, description="the names of the archive's classes"
    )
    channels_last: bool = Field(
        default=False, description="whether the archive's examples are [H, W, C], as in Keras"
    )
    preprocess: list[Step] = Field(default=[], description="steps, applied in order")
    split: Split = Field(default=Split(), description="test, validation, seed, stratify")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.dataset is None) == (self.npz is None):
            raise ValueError("data come from either a `dataset` or an `npz` file")
        if self.dataset and (self.classes is not None or self.channels_last):
            raise ValueError("`classes` and `channels_last` are for an `npz` file")
        return self


class CrossEntropy(Section):
    """Cross-entropy of classes."""

    label_smoothing: Share = Field(
        default=0.0, description="share of each target spread over all classes"
    )


class Loss(Choice):
    """What training minimises.

    Where the network ends in softmax, it is computed on the softmax's input.
    """

    cross_entropy: CrossEntropy | None = Field(default=None, description="for classes")


class Adam(Section):
    """Adam (Kingma and Ba 2015)."""

    lr: Rate = Field(default=1e-3, description="learning rate")
    weight_decay: Penalty = Field(default=0.0, description="L2 penalty")


class AdamW(Section):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019)."""

    lr: Rate = Field(default=1e-3, description="learning rate")
    weight_decay: Penalty = Field(
        default=1e-2, description="share of each weight lost per step, times lr"
    )


class Sgd(Section):
    """Stochastic gradient descent."""

    lr: Rate = Field(default=1e-3, description="learning rate")
    momentum: Share = Field(default=0.0, description="share of the last step kept")
    weight_decay: Penalty = Field(default=0.0, description="L2 penalty")
    nesterov: bool = Field(default=False, description="whether the momentum is Nesterov's")

    @model_validator(mode="after")
    def _nesterov_has_momentum(self) -> Self:
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov needs a momentum")
        return self


class Optimizer(Choice):
    """How the weights follow the gradient."""

    adam: Adam | None = Field(default=None, description="lr, weight_decay")
    adamw: AdamW | None = Field(default=None, description="lr, weight_decay")
    sgd: Sgd | None = Field(default=None, description="lr, momentum, weight_decay, nesterov")


class TrainSpec(Section):
    """The `train` section of a spec."""

    data: Data = Field(description="dataset or npz, preprocess, split")
    loss: Loss = Field(
        default=Loss(cross_entropy=CrossEntropy()), description="what is minimised: cross_entropy"
    )
    optimizer: Optimizer = Field(
        default=Optimizer(adam=Adam()), description="adam, adamw or sgd, with their options"
    )
    batch_size: Positive = Field(default=32, description="examples per step")
    epochs: Positive = Field(description="passes over the training examples")
    seed: Seed = Field(default=0, description="initial weights and order of examples")
