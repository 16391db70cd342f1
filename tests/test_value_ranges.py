"""What operators say of values before anything runs, held against PyTorch on their examples."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import pytest
import torch

from archspec import ops
from archspec.backends.torch import build
from archspec.diagnostics import Span
from archspec.ir.graph import Graph
from archspec.ir.interval import ANY, NON_NEGATIVE, SIGNED_UNIT, UNIT, Interval, hull
from archspec.ir.op import Operator
from archspec.ir.types import TensorType

FINITE = (UNIT, SIGNED_UNIT, Interval(0.0, 6.0), Interval(2.0, 9.0), Interval(-9.0, -2.0))
ROUNDING = 1e-5
SIZE = 11
"""What symbolic sizes are bound to."""

LOUD = 1e3


class Use(NamedTuple):
    """An operator and the shapes of its inputs, without the batch."""

    op: Operator
    shapes: tuple[tuple[int, ...], ...]

    def graph(self) -> Graph:
        """Returns the graph of this one node."""
        graph = Graph("example")
        for index, shape in enumerate(self.shapes):
            graph.add_input(f"input_{index}", TensorType.of_example(shape))
        values = graph.add("node", self.op, [*graph.inputs.values()], span=Span("example"))
        graph.outputs = dict(zip(self.op.output_names(), values, strict=True))
        return graph

    def run(self, *inputs: torch.Tensor, training: bool) -> list[torch.Tensor]:
        """Returns what PyTorch makes of inputs."""
        torch.manual_seed(1)
        network = build(self.graph()).train(training)
        with torch.no_grad():
            made = network(*inputs)
        return [*made.values()] if isinstance(made, dict) else [made]


def _uses() -> Iterator[tuple[str, Use]]:
    for name in ops.names():
        for index, example in enumerate(ops.find(name).examples):
            if example.dtype == "float32":
                shapes = tuple(
                    tuple(size if isinstance(size, int) else SIZE for size in shape)
                    for shape in example.inputs
                )
                yield f"{name}-{index}", Use(ops.find(name).model_validate(example.fields), shapes)


USES = dict(_uses())


def _drawn(use: Use, values: Interval) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [
        values.low + (values.high - values.low) * torch.rand((3, *shape), generator=generator)
        for shape in use.shapes
    ]


def _said(use: Use) -> dict[Interval, Interval]:
    """Returns where an operator says its values are, by where those of its inputs are."""
    said = {values: use.op.interval_of(*(values for _ in use.shapes)) for values in FINITE}
    return {values: made for values, made in said.items() if made != ANY}


def _kept(use: Use) -> list[Interval]:
    """Returns the values that an operator hands on as they are."""
    keeps = ANY if use.op.passes else use.op.keeps
    return [values for values in FINITE if keeps and values.within(keeps)]


SAYING = {name: use for name, use in USES.items() if _said(use)}
KEEPING = {name: use for name, use in USES.items() if _kept(use)}


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("use", SAYING.values(), ids=SAYING)
def test_values_are_where_the_operator_says(use: Use, training: bool) -> None:
    for values, said in _said(use).items():
        for made in use.run(*_drawn(use, values), training=training):
            assert said.low - ROUNDING <= float(made.min())
            assert float(made.max()) <= said.high + ROUNDING


@pytest.mark.parametrize("use", KEEPING.values(), ids=KEEPING)
def test_what_an_operator_keeps_comes_out_as_it_went_in(use: Use) -> None:
    for values in _kept(use):
        (given,) = _drawn(use, values)
        (made,) = use.run(given, training=False)
        assert torch.equal(made.flatten(), given.flatten())


def test_activations_change_what_they_do_not_keep() -> None:
    activations = [use for use in USES.values() if use.op.keeps is not None]
    assert {use.op.kind() for use in activations} == {
        "abs", "elu", "leaky_relu", "prelu", "relu", "relu6",
    }  # fmt: skip
    for use in activations:
        (given,) = _drawn(use, SIGNED_UNIT)
        (made,) = use.run(given, training=False)
        assert not torch.equal(made, given)


MIXERS = {name: use for name, use in USES.items() if use.op.mixes is not None}


@pytest.mark.parametrize("use", MIXERS.values(), ids=MIXERS)
def test_what_mixes_is_linear_but_for_its_bias(use: Use) -> None:
    (given,) = _drawn(use, SIGNED_UNIT)
    nothing, once, twice = (
        use.run(factor * given, training=False)[0] for factor in (0.0, 1.0, 2.0)
    )
    assert torch.allclose(twice - nothing, 2 * (once - nothing), atol=1e-4)
    axis = use.op.mixes
    assert axis is not None
    if "bias" in use.graph().nodes[0].tensors():
        # Without an input, what is left is the bias: one number for each place along the axis.
        assert nothing.movedim(axis, 0).flatten(1).std(dim=1).max() < ROUNDING


@pytest.mark.parametrize("kind", ["maximum", "minimum"])
def test_of_two_intervals_the_extremes_are_where_the_operator_says(kind: str) -> None:
    operator = ops.find(kind)()
    for one, other in itertools.product(FINITE, repeat=2):
        said = operator.interval_of(one, other)
        ends = torch.cartesian_prod(torch.tensor(one), torch.tensor(other))
        made = getattr(torch, kind)(*ends.T)
        assert said == (float(made.min()), float(made.max()))


WINDOWS = [
    (kind, {"kernel_size": kernel, "stride": stride, "padding": padding, **dilated})
    for kind in ("max_pool2d", "avg_pool2d", "conv2d", "depthwise_conv2d")
    for kernel, stride, padding in itertools.product((1, 2, 3, 5), (1, 2, 3), (0, 1, 2))
    for dilated in ({}, *({"dilation": step} for step in (2, 3) if kind != "avg_pool2d"))
    if 2 * padding <= kernel and dilated.get("dilation", 1) * (kernel - 1) < 5 + 2 * padding
]


@pytest.mark.parametrize(("kind", "fields"), WINDOWS, ids=str)
def test_no_window_reads_the_values_that_are_missed(kind: str, fields: dict[str, int]) -> None:
    operator = ops.find(kind)
    kernel, stride, dilation = fields["kernel_size"], fields["stride"], fields.get("dilation", 1)
    given = {**fields, "out_channels": 2} if kind == "conv2d" else fields
    variants = [{}, {"ceil_mode": True}] if "ceil_mode" in operator.model_fields else [{}]
    for more, height, width in itertools.product(variants, (5, 6, 7, 8), (9, 10)):
        use = Use(operator.model_validate(given | more), ((2, height, width),))
        missed = use.op.missed(*(value.type for value in use.graph().inputs.values()))
        reached = {element * dilation % stride for element in range(kernel)}
        if stride == 1 or len(reached) < stride:
            assert missed == (0, 0)
        else:
            assert missed == (_unread(use, height, axis=2), _unread(use, width, axis=3))


def _unread(use: Use, size: int, axis: int) -> int:
    """Returns how many of the last values along an axis PyTorch makes nothing of."""
    quiet = torch.zeros(1, *use.shapes[0])
    (before,) = use.run(quiet, training=False)
    for count in range(size):
        loud = quiet.index_fill(axis, torch.tensor([size - 1 - count]), LOUD)
        (after,) = use.run(loud, training=False)
        if not torch.equal(before, after):
            return count
    return size


def test_intervals() -> None:
    assert UNIT.within(NON_NEGATIVE)
    assert not SIGNED_UNIT.within(NON_NEGATIVE)
    assert hull(UNIT, Interval(-3.0, -2.0)) == Interval(-3.0, 1.0)
    assert Interval(0.5, 2.0).scaled() == NON_NEGATIVE
    assert SIGNED_UNIT.scaled() == ANY
