"""Optimisers and schedules of the learning rate, with PyTorch's words and defaults."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from archspec.frontend.schema import Section
from archspec.frontend.train_schema.choice import (
    Choice,
    Fraction,
    Name,
    Penalty,
    Positive,
    Rate,
    Share,
)

Betas = Annotated[list[Share], Field(min_length=2, max_length=2)]


class Adam(Section):
    """Adam (Kingma and Ba 2015)."""

    lr: Rate = Field(default=1e-3, description="learning rate")
    betas: Betas = Field(default=[0.9, 0.999], description="shares kept of both running means")
    eps: Rate = Field(default=1e-8, description="added to the denominator")
    weight_decay: Penalty = Field(default=0.0, description="L2 penalty")


class AdamW(Section):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019)."""

    lr: Rate = Field(default=1e-3, description="learning rate")
    betas: Betas = Field(default=[0.9, 0.999], description="shares kept of both running means")
    eps: Rate = Field(default=1e-8, description="added to the denominator")
    weight_decay: Penalty = Field(
        default=1e-2, description="share of each weight lost per step, times lr"
    )


class Sgd(Section):
    """Gradient descent: stochastic, by mini-batches, or by all examples (`batch_size: full`)."""

    lr: Rate = Field(default=1e-3, description="learning rate")
    momentum: Share = Field(default=0.0, description="share of the last step kept")
    weight_decay: Penalty = Field(default=0.0, description="L2 penalty")
    nesterov: bool = Field(default=False, description="whether the momentum is Nesterov's")

    @model_validator(mode="after")
    def _nesterov_has_momentum(self) -> Self:
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov needs a momentum")
        return self


class Adagrad(Section):
    """Adagrad (Duchi et al. 2011)."""

    lr: Rate = Field(default=1e-2, description="learning rate")
    lr_decay: Penalty = Field(default=0.0, description="decay of the learning rate")
    weight_decay: Penalty = Field(default=0.0, description="L2 penalty")
    eps: Rate = Field(default=1e-10, description="added to the denominator")


class RMSprop(Section):
    """RMSprop (Hinton 2012)."""

    lr: Rate = Field(default=1e-2, description="learning rate")
    alpha: Share = Field(default=0.99, description="share kept of the running mean of squares")
    eps: Rate = Field(default=1e-8, description="added to the denominator")
    weight_decay: Penalty = Field(default=0.0, description="L2 penalty")
    momentum: Share = Field(default=0.0, description="share of the last step kept")
    centered: bool = Field(default=False, description="whether the variance is used")


class Optimizer(Choice):
    """How the weights follow the gradient."""

    adam: Adam | None = Field(default=None, description="lr, betas, eps, weight_decay")
    adamw: AdamW | None = Field(default=None, description="lr, betas, eps, weight_decay")
    sgd: Sgd | None = Field(default=None, description="lr, momentum, weight_decay, nesterov")
    adagrad: Adagrad | None = Field(default=None, description="lr, lr_decay, weight_decay, eps")
    rmsprop: RMSprop | None = Field(
        default=None, description="lr, alpha, eps, weight_decay, momentum, centered"
    )


class StepDecay(Section):
    """The rate falls every few epochs."""

    step_size: Positive = Field(description="epochs between two falls")
    gamma: Fraction = Field(default=0.1, description="factor at each fall")


class MultiStep(Section):
    """The rate falls after certain epochs."""

    milestones: Annotated[list[Positive], Field(min_length=1)] = Field(
        description="the epochs after which it falls"
    )
    gamma: Fraction = Field(default=0.1, description="factor at each fall")


class Exponential(Section):
    """The rate falls after every epoch."""

    gamma: Fraction = Field(description="factor at each fall")


class Cosine(Section):
    """Half a cosine from the rate down to the least, over all steps (Loshchilov, Hutter 2017)."""

    eta_min: Penalty = Field(default=0.0, description="the least rate")


class OneCycle(Section):
    """Up to the optimiser's `lr` and down again, over all steps (Smith and Topin 2018)."""

    pct_start: Fraction = Field(default=0.3, description="share of the steps that go up")
    div_factor: Rate = Field(default=25.0, description="lr by the first rate")
    final_div_factor: Rate = Field(default=1e4, description="first rate by the last")


class Plateau(Section):
    """The rate falls when the monitored metric no longer gets better."""

    factor: Fraction = Field(default=0.1, description="factor at each fall")
    patience: Annotated[int, Field(ge=0)] = Field(
        default=10, description="epochs without improvement that are tolerated"
    )
    min_lr: Penalty = Field(default=0.0, description="the least rate")


class Schedule(Choice):
    """How the learning rate changes."""

    step: StepDecay | None = Field(default=None, description="step_size, gamma")
    multi_step: MultiStep | None = Field(default=None, description="milestones, gamma")
    exponential: Exponential | None = Field(default=None, description="gamma")
    cosine: Cosine | None = Field(default=None, description="eta_min")
    one_cycle: OneCycle | None = Field(
        default=None, description="pct_start, div_factor, final_div_factor"
    )
    plateau: Plateau | None = Field(default=None, description="factor, patience, min_lr")


class Gradient(Section):
    """What is done to gradients before a step."""

    clip_norm: Rate | None = Field(default=None, description="largest norm of all together")
    clip_value: Rate | None = Field(default=None, description="largest absolute value of each")
    accumulate: Positive = Field(
        default=1, description="batches whose gradients are added up for one step"
    )

    @model_validator(mode="after")
    def _one_clip(self) -> Self:
        if self.clip_norm and self.clip_value:
            raise ValueError("clip gradients by `clip_norm` or by `clip_value`, not by both")
        return self


class EarlyStopping(Section):
    """Training ends when the monitored metric no longer gets better."""

    patience: Annotated[int, Field(ge=1)] = Field(
        default=10, description="epochs without improvement that are tolerated"
    )
    min_delta: Penalty = Field(default=0.0, description="what counts as an improvement")
    monitor: Name | None = Field(default=None, description="another metric than train.monitor")
