"""The passes over a model, each in a file of its own, that make it smaller and faster.

A pass changes the program in place and returns whether it did. All of them keep what the model
computes, up to rounding, and the names of inputs, outputs and of what is left. It finds no node
whose values nothing reads, and leaves none.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from archspec.backends.onnx.limits import ExportError
from archspec.backends.onnx.passes.expand_lrn import expand_lrn
from archspec.backends.onnx.passes.fold_batch_norm import fold_batch_norm
from archspec.backends.onnx.passes.fold_constants import fold_constants
from archspec.backends.onnx.passes.fold_scales import fold_scales
from archspec.backends.onnx.passes.fuse_pads import fuse_pads
from archspec.backends.onnx.passes.merge_pooling import merge_pooling
from archspec.backends.onnx.passes.remove_heads import remove_heads
from archspec.backends.onnx.passes.remove_identities import remove_identities
from archspec.backends.onnx.program import Program

_IN_ORDER: tuple[Callable[[Program], bool], ...] = (
    remove_heads,  # before all others, which need not look at what goes
    remove_identities,  # so that what follows a layer stands right after it
    fold_constants,  # so that what is computed from weights is a constant, as folding needs
    merge_pooling,  # this one and the next only depend on the constants
    fuse_pads,
    fold_batch_norm,
    fold_scales,  # after it, for a scale mostly follows a batch norm; the next round does the rest
    expand_lrn,
)

PASSES = {function.__name__: (function.__doc__ or "").partition("\n")[0] for function in _IN_ORDER}
"""What each pass does, by its name, in the order in which they run."""

PASSES_BY_DEFAULT = tuple(PASSES)
"""The passes that run if nothing else is said: all of them."""


class PassError(ExportError):
    """There is no such pass."""


def passes_without(names: Iterable[str]) -> tuple[str, ...]:
    """Returns all passes but those that are named.

    Raises:
        PassError: There is no pass of such a name.
    """
    off = {*names}
    _require_known(off)
    return tuple(name for name in PASSES if name not in off)


def apply(program: Program, names: Collection[str]) -> None:
    """Runs the named passes in their order, until none of them finds anything to do.

    If there are any, nodes that no output needs are taken out before.

    Raises:
        PassError: There is no pass of such a name.
    """
    _require_known(names)
    chosen = [function for function in _IN_ORDER if function.__name__ in names]
    if chosen:
        program.sweep()
    while sum(function(program) for function in chosen):
        continue


def _require_known(names: Collection[str]) -> None:
    for name in names:
        if name not in PASSES:
            raise PassError(f"there is no pass {name}", f"the passes are {', '.join(PASSES)}")
