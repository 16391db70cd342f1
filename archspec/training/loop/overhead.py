"""What Lightning does in each step that is of no use here, and how it is told to leave it out."""

from __future__ import annotations

from contextlib import nullcontext

import lightning
from lightning import Callback, LightningModule
from lightning.pytorch.profilers import PassThroughProfiler

STEP_HOOKS = (
    "on_train_batch_start",
    "on_before_zero_grad",
    "on_before_backward",
    "on_after_backward",
    "on_before_optimizer_step",
    "on_train_batch_end",
)
"""What Lightning calls in each step of everything that takes part in it."""

KNOWN = "2.6."
"""The versions of Lightning that are known to pass over hooks that cannot be called.

It does not promise it, so what may be another way in others is left to them.
"""

_NOTHING = nullcontext()


class Unmeasured(PassThroughProfiler):
    """Measures nothing, and costs nothing: Lightning asks some fifty times in each step."""

    def profile(  # type: ignore[override]
        self,
        action_name: str,  # noqa: ARG002 - Lightning's name
    ) -> nullcontext[None]:
        """Returns what an action runs within."""
        return _NOTHING


def skip_empty_hooks(*parts: Callback | LightningModule) -> None:
    """Makes Lightning pass over the hooks in which parts do nothing, some forty in each step."""
    if not lightning.__version__.startswith(KNOWN):
        return
    for part in parts:
        base = Callback if isinstance(part, Callback) else LightningModule
        for hook in STEP_HOOKS:
            if getattr(type(part), hook) is getattr(base, hook):
                setattr(part, hook, None)
