"""The `train` section of a spec: data, loss, optimiser, and how long.

Words and defaults are PyTorch's and Keras's. What can be chosen is a mapping of one key, the
choice, to its options, as layers are; the bare name is the choice with its defaults.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

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

__all__ = [
    "DATASETS",
    "Augment",
    "Choice",
    "Data",
    "Loss",
    "Metric",
    "Normalize",
    "Optimizer",
    "Resize",
    "Schedule",
    "Split",
    "Standardize",
    "Step",
    "TrainSpec",
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
    warmup: Annotated[float, Field(ge=0, le=1_000_000)] = Field(
        default=0, description="epochs in which the learning rate rises to its full size"
    )
    batch_size: Positive | Literal["full"] = Field(
        default=32, description="examples per step; `full` for all of them"
    )
    epochs: Positive = Field(description="passes over the training examples")
    steps_per_epoch: Positive | None = Field(
        default=None, description="steps of an epoch; if left out, as many as examples need"
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
        default=None, description="patience, min_delta, monitor"
    )
    stop_at: dict[Annotated[str, Field(pattern=METRIC)], Penalty] = Field(
        default={},
        description="training ends when a metric is as good as this: {train_loss: 0.01}",
    )
    precision: Literal["fp32", "bf16", "fp16"] = Field(
        default="fp32", description="of most computation; weights stay in single precision"
    )
    compile: bool = Field(default=False, description="whether torch.compile is used")
    channels_last: bool = Field(
        default=False, description="whether images lie in memory with their channels last"
    )
    deterministic: bool = Field(
        default=True, description="whether two runs give the same weights, to the last bit"
    )
    seed: Seed = Field(default=0, description="initial weights and order of examples")

    @model_validator(mode="after")
    def _warm_up_is_one(self) -> Self:
        if self.warmup and self.schedule is not None and self.schedule.one_cycle is not None:
            raise ValueError("one_cycle rises by itself (`pct_start`); leave `warmup` out")
        return self

    @model_validator(mode="after")
    def _full_batches_are_one(self) -> Self:
        if self.batch_size == "full" and self.gradient.accumulate > 1:
            raise ValueError("a full batch is all of an epoch; nothing is left to accumulate")
        return self
