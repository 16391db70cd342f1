"""The last check of what `archspec export` made of a proved model, before it is put in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from archspec.ir.graph import Graph

if TYPE_CHECKING:
    import numpy as np
    from onnx import ModelProto

    from archspec.backends.finished import Given
    from archspec.backends.trial_sizes import Sizes

Prepare: TypeAlias = "Callable[[np.ndarray], np.ndarray]"
"""Makes of images `[count, C, H, W]` in single precision what the network takes."""

ORDERS = {"nchw": (0, 1, 2, 3), "nhwc": (0, 3, 1, 2)}
"""Where batch, channels, height and width stand in each layout."""

ANY_SIZE = ((61, 44), (40, 75))
"""Height and width of images for a model that takes any, in each run."""


def plain_inputs(graph: Graph) -> list[Given]:
    """Returns what to run a model on that takes what the network does."""
    from archspec.backends.finished import Given
    from archspec.backends.trial_data import random_inputs
    from archspec.backends.trial_sizes import trial_runs

    runs = [(sizes, random_inputs(graph, sizes)) for sizes in trial_runs(graph)]
    return [Given(sizes, inputs, inputs) for sizes, inputs in runs]


def image_inputs(graph: Graph, model: ModelProto, layout: str, prepare: Prepare) -> list[Given]:
    """Returns what to run a model on that takes images of bytes."""
    from archspec.backends.trial_sizes import trial_runs

    return [
        _images(graph, model, layout, prepare, sizes, any_size)
        for sizes, any_size in zip(trial_runs(graph), ANY_SIZE, strict=True)
    ]


def _images(
    graph: Graph,
    model: ModelProto,
    layout: str,
    prepare: Prepare,
    sizes: Sizes,
    any_size: Sequence[int],
) -> Given:
    import numpy as np

    from archspec.backends.finished import Given
    from archspec.backends.trial_data import bound

    ((name, value),) = graph.inputs.items()
    dims, order = model.graph.input[0].type.tensor_type.shape.dim, ORDERS[layout]
    free = dict(zip((f"{name}.height", f"{name}.width"), any_size, strict=True))
    shape = [
        dims[at].dim_value or free.get(dims[at].dim_param, size)
        for at, size in zip(order, bound(value.type.shape, sizes), strict=True)
    ]
    images = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    laid_out = np.ascontiguousarray(images.transpose(np.argsort(order)))
    return Given(sizes, {name: laid_out}, {name: prepare(images.astype(np.float32))})
