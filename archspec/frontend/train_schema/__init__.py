"""The `train` section of a spec: data, loss, optimiser, and how long.

Words and defaults are PyTorch's and Keras's. What can be chosen is a mapping of one key, the
choice, to its options, as layers are; the bare name is the choice with its defaults.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from archspec.frontend.schema import METRIC, Section
from archspec.frontend.train_schema.augment import Augment
from archspec.frontend.train_schema.choice import Choice, Fraction, Penalty, Positive, Seed
from archspec.frontend.train_schema.data import (
    DATASETS,
    Data,
    Split,
)
from archspec.frontend.train_schema.loss import CrossEntropy, Loss, Metric
from archspec.frontend.train_schema.optimizer import (
    Adam,
    EarlyStopping,
    Gradient,
    Optimizer,
    Schedule,
)
from archspec.frontend.train_schema.preprocess import (
    Normalize,
    Resize,
    Standardize,
    Step,
    Whiten,
)
from archspec.frontend.train_schema.transfer import Epochs, Factors, Patterns, Phase, Weights

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

__all__ = [
    "DATASETS",
    "Augment",
    "Choice",
    "Data",
    "Loss",
    "Metric",
    "Normalize",
    "Optimizer",
    "Phase",
    "Resize",
    "Schedule",
    "Split",
    "Standardize",
    "Step",
    "TrainSpec",
    "Weights",
    "Whiten",
]


class TrainSpec(Section):
    """The `train` section of a spec."""

    data: Data = Field(description="where examples come from, preprocess, augment, split")
    loss: Loss = Field(
        default=Loss(cross_entropy=CrossEntropy()),
        description="what is minimised: cross_entropy, binary_cross_entropy, mse, mae or huber",
    )
    metrics: list[Metric] | None = Field(
        default=None,
        description="what is measured: accuracy, top_5_accuracy, precision, recall, f1, auc, mae "
        "or mse; if left out, accuracy for classes and mae for values",
    )
    optimizer: Optimizer = Field(
        default=Optimizer(adam=Adam()),
        description="adam, adamw, sgd, adagrad or rmsprop, with their options",
    )
    schedule: Schedule | None = Field(
        default=None,
        description="how the learning rate changes: step, multi_step, exponential, cosine, "
        "one_cycle or plateau",
    )
    warmup: Epochs = Field(
        default=0, description="epochs in which the learning rate rises to its full size"
    )
    batch_size: Positive | Literal["full"] = Field(
        default=32, description="examples per step; `full` for all of them"
    )
    epochs: Positive = Field(
        description="passes over the training examples; of `phases`, the sum of theirs"
    )
    steps_per_epoch: Positive | None = Field(
        default=None, description="steps of an epoch; if left out, as many as examples need"
    )
    weights: Weights | None = Field(
        default=None,
        description="trained or imported weights to start from: a file, or {file, to, skip}",
    )
    freeze: Patterns = Field(
        default=[],
        description="layers that do not learn, by name or pattern, beside those with `freeze: "
        "true`; their batch norm stays as it is, in evaluation mode",
    )
    phases: list[Phase] = Field(
        default=[],
        description="parts of the run, one after the other: {epochs, freeze, unfreeze, lr, …}",
    )
    learning_rates: Factors = Field(
        default={},
        description='factors of the learning rate, by name or pattern: {"base.*": 0.1}; the first '
        "that matches counts",
    )
    cache_features: bool = Field(
        default=False,
        description="whether what frozen layers make of the examples is computed once, and kept "
        "in memory",
    )
    gradient: Gradient = Field(
        default=Gradient(), description="clip_norm or clip_value, and accumulate"
    )
    ema: Fraction | None = Field(
        default=None,
        description="share kept by the running mean of the weights, which is then what is "
        "validated, tested and saved",
    )
    monitor: Annotated[str, Field(pattern=METRIC)] = Field(
        default="validation_loss",
        description="the metric by which the best epoch is chosen, such as validation_accuracy",
    )
    early_stopping: EarlyStopping | None = Field(
        default=None, description="patience, min_delta, monitor; it ends a phase, if there are any"
    )
    stop_at: dict[Annotated[str, Field(pattern=METRIC)], Penalty] = Field(
        default={},
        description="training ends when a metric is as good as this: {train_loss: 0.01}",
    )
    precision: Literal["fp32", "bf16", "fp16"] = Field(
        default="fp32", description="of most computation; weights stay in single precision"
    )
    compile: bool = Field(default=False, description="whether torch.compile is used")
    channels_last: bool | None = Field(
        default=None,
        description="whether images lie in memory with their channels last; if left out, where "
        "depthwise convolutions are trained on a CPU, which it makes faster",
    )
    deterministic: bool = Field(
        default=True, description="whether two runs give the same weights, to the last bit"
    )
    seed: Seed = Field(default=0, description="initial weights and order of examples")

    @model_validator(mode="before")
    @classmethod
    def _epochs_of_phases(cls, value: Any) -> Any:  # noqa: ANN401
        if not isinstance(value, dict) or "epochs" in value or not value.get("phases"):
            return value
        phases = value["phases"] if isinstance(value["phases"], list) else []
        numbers = [phase.get("epochs") for phase in phases if isinstance(phase, dict)]
        known = sum(number for number in numbers if isinstance(number, int))
        return {**value, "epochs": max(1, known)}  # what is wrong with a phase is told of it

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Returns a mapping that may do without `epochs`, which `phases` have."""
        whole = handler.resolve_ref_schema(handler(schema))
        return {**whole, "required": [name for name in whole["required"] if name != "epochs"]}

    @model_validator(mode="after")
    def _phases_are_all_epochs(self) -> Self:
        known = sum(phase.epochs for phase in self.phases)
        if self.phases and self.epochs != known:
            raise ValueError(
                f"`epochs` are those of the phases, {known} together; leave `epochs` out"
            )
        return self

    @model_validator(mode="after")
    def _features_stay_the_same(self) -> Self:
        if self.cache_features and self.data.augment is not None:
            raise ValueError(
                "`cache_features` is for examples that stay the same, and `augment` changes them "
                "in each epoch; leave one of them out"
            )
        return self

    @model_validator(mode="after")
    def _warm_up_is_one(self) -> Self:
        for spec in map(self.during, self.phases) if self.phases else [self]:
            if spec.warmup and spec.schedule is not None and spec.schedule.one_cycle is not None:
                raise ValueError("one_cycle rises by itself (`pct_start`); leave `warmup` out")
        return self

    @model_validator(mode="after")
    def _full_batches_are_one(self) -> Self:
        if self.batch_size == "full" and self.gradient.accumulate > 1:
            raise ValueError("a full batch is all of an epoch; nothing is left to accumulate")
        return self

    def during(self, phase: Phase) -> TrainSpec:
        """Returns how a phase trains, as a run of its own that has no phases would say it."""
        own = ("optimizer", "schedule", "warmup", "learning_rates")
        changes = {name: getattr(phase, name) for name in own if getattr(phase, name) is not None}
        if phase.lr is not None:
            chosen = self.optimizer.options.model_copy(update={"lr": phase.lr})
            changes["optimizer"] = self.optimizer.model_copy(update={self.optimizer.name: chosen})
        return self.model_copy(update={"epochs": phase.epochs, "phases": [], **changes})
