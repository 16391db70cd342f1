"""The last check of a file that was made of a proved model: smaller, or taking images.

It is valid, ONNX Runtime runs it with one example and with several, its outputs have the shapes
that the spec says and depend on the input, and they are near those that they should be.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
import onnx
from onnx import ModelProto

from archspec.backends.comparison import NotProvedError
from archspec.backends.onnx.effect import session
from archspec.backends.onnx_file import WrongModelError, failure, open_session, with_heads
from archspec.backends.trial_data import bound
from archspec.backends.trial_sizes import Sizes, sizes_text
from archspec.ir.graph import Graph
from archspec.ir.types import TensorType

Arrays: TypeAlias = Mapping[str, np.ndarray]

REMEDY = "export the model without --fp16, --int8 and --embed-preprocessing, and report it"

VISIBLE = 0.01
"""By what share of the largest value the outputs of the proved model differ between examples at
least, if those of the file are to differ too."""


class Given(NamedTuple):
    """What a file is run on.

    Attributes:
        sizes: What the batch and the symbolic sizes of the spec's inputs are.
        inputs: What the file is given.
        expected: What the model is given that it was made of.
    """

    sizes: Sizes
    inputs: Arrays
    expected: Arrays


def check_finished(
    graph: Graph, path: Path, origin: ModelProto, given: Sequence[Given], limit: float = math.inf
) -> float:
    """Checks a file against the model that it was made of.

    Args:
        graph: The network.
        path: The file.
        origin: The model that it was made of.
        given: What both are run on.
        limit: How much outputs may differ, as a share of the largest.

    Returns:
        How much they do.

    Raises:
        WrongModelError: The file is no valid model, or ONNX Runtime cannot run it.
        NotProvedError: It makes other outputs than it should.
        MemoryError: There is too little memory.
    """
    try:
        onnx.checker.check_model(path, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        said = " ".join(str(error).split())
        raise WrongModelError(f"{path} is no valid ONNX model: {said}") from error
    file, model = open_session(path), session(origin)
    names = [value.name for value in file.get_outputs()]
    shown = with_heads(graph) if names == [*graph.outputs, *graph.heads] else graph
    if names != [*shown.outputs]:
        raise WrongModelError(
            f"{path} makes {', '.join(names)} instead of {', '.join(shown.outputs)}"
        )
    apart = 0.0
    for each in given:
        try:
            made = file.run(names, dict(each.inputs))
        except Exception as error:  # its exceptions have no base of their own
            raise failure(path, error) from error
        expected = model.run(names, dict(each.expected))
        for name, ours, theirs in zip(names, made, expected, strict=True):
            what, type_ = f"output `{name}` of {path}", shown.outputs[name].type
            _require_type(what, type_, each.sizes, ours)
            apart = max(apart, _apart(what, each.sizes, ours, theirs, limit))
    return apart


def _require_type(what: str, type_: TensorType, sizes: Sizes, made: np.ndarray) -> None:
    wanted = bound(type_.shape, sizes)
    if (made.shape, made.dtype) != (wanted, np.dtype(type_.dtype)):
        raise NotProvedError(
            f"{what} is {made.dtype} {list(made.shape)} at {sizes_text(sizes)}, but "
            f"{type_.dtype} {list(wanted)} in the spec",
            REMEDY,
        )


def _apart(what: str, sizes: Sizes, made: np.ndarray, expected: np.ndarray, limit: float) -> float:
    """Returns how far an output is from what it should be, as a share of the largest.

    Raises:
        NotProvedError: It is too far, or the same for all examples.
    """
    largest = max(float(np.abs(expected).max()), float(np.finfo(np.float32).tiny))
    apart = float(np.abs(expected - made).max()) / largest
    if not apart <= limit:  # as what is no number is not either
        raise NotProvedError(
            f"{what} differs by {apart:.1e} of its largest value at {sizes_text(sizes)} from what "
            f"it was made of (limit {limit:.0e})",
            REMEDY,
        )
    varies = float(np.abs(expected - expected[:1]).max()) / largest
    if varies >= VISIBLE and (made == made[:1]).all():
        raise NotProvedError(f"{what} is the same whatever it is given", REMEDY)
    return apart
