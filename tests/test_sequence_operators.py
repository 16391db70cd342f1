"""Recurrent layers, attention and positions against Keras, torch and the papers.

The laws of all operators are elsewhere.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from execution import difference, random_weights, run_torch
from pydantic import ValidationError
from torch import nn

from archspec import ops
from archspec.backends.torch import build
from archspec.diagnostics import Span
from archspec.ir.dim import Dim
from archspec.ir.graph import Graph
from archspec.ir.op import OperatorError
from archspec.ir.totals import totals
from archspec.ir.types import TensorType

os.environ["KERAS_BACKEND"] = "torch"

Fields = Mapping[str, Any]
Shape = tuple[int | Dim, ...]

TOLERANCE = 1e-5
UNITS = 5
FEATURES = 3
STEPS = 7
T = Dim.of("T")


def graph_of(kind: str, fields: Fields, *shapes: Shape, dtype: str = "float32") -> Graph:
    graph = Graph("example")
    names = ("x", "memory")
    for name, shape in zip(names, shapes, strict=False):
        graph.add_input(name, TensorType.of_example(shape, dtype))
    op = ops.find(kind).model_validate(fields)
    made = graph.add("node", op, [*graph.inputs.values()], span=Span("example"))
    graph.outputs = {"y": made[0]}
    return graph


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def by_gate(array: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    """Returns a Keras weight, its gates along the last axis, in torch's order and layout."""
    gates = np.split(array, len(order), axis=-1)
    return np.concatenate([gates[gate] for gate in order], axis=-1).T


KERAS_GATES = {"LSTM": (0, 1, 2, 3), "GRU": (1, 0, 2), "SimpleRNN": (0,)}


def from_keras(layer: str, weights: list[np.ndarray], suffix: str) -> dict[str, np.ndarray]:
    """Returns the weights of one direction of a Keras layer by our names."""
    order = KERAS_GATES[layer]
    kernel, recurrent, *biases = weights
    named = {"weight_ih": by_gate(kernel, order), "weight_hh": by_gate(recurrent, order)}
    rows = [row for bias in biases for row in np.atleast_2d(bias)]
    named |= {
        name: by_gate(row, order) for name, row in zip(("bias_ih", "bias_hh"), rows, strict=False)
    }
    return {f"node.{name}_l0{suffix}": array for name, array in named.items()}


@pytest.mark.parametrize("sequences", [True, False])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize(
    ("kind", "layer", "arguments", "fields"),
    [
        ("lstm", "LSTM", {}, {"num_biases": 1}),
        ("lstm", "LSTM", {"use_bias": False}, {"bias": False}),
        ("gru", "GRU", {}, {}),
        ("gru", "GRU", {"reset_after": False}, {"reset_after": False, "num_biases": 1}),
        ("rnn", "SimpleRNN", {}, {"num_biases": 1}),
        ("rnn", "SimpleRNN", {"activation": "relu"}, {"nonlinearity": "relu", "num_biases": 1}),
    ],
)
def test_recurrent_layers_are_keras_s(
    kind: str, layer: str, arguments: Fields, fields: Fields, bidirectional: bool, sequences: bool
) -> None:
    import keras

    assert layer in ops.find(kind).keras_names
    theirs = getattr(keras.layers, layer)(UNITS, return_sequences=sequences, **arguments)
    if bidirectional:
        theirs = keras.layers.Bidirectional(theirs)
    theirs.build((None, STEPS, FEATURES))
    given = [random(*w.shape, seed=i) for i, w in enumerate(theirs.weights)]
    theirs.set_weights(given)
    graph = graph_of(
        kind,
        {
            "hidden_size": UNITS,
            "bidirectional": bidirectional,
            "return_sequences": sequences,
            **fields,
        },
        (T, FEATURES),
    )
    if bidirectional:
        half = len(given) // 2
        weights = from_keras(layer, given[:half], "")
        weights |= from_keras(layer, given[half:], "_reverse")
    else:
        weights = from_keras(layer, given, "")
    assert totals(graph).params == theirs.count_params()
    x = random(2, STEPS, FEATURES)
    expected = theirs(torch.from_numpy(x)).numpy(force=True)
    assert difference(expected, run_torch(graph, weights, {"x": x})["y"]) <= TOLERANCE


@pytest.mark.parametrize(("kind", "module"), [("lstm", nn.LSTM), ("gru", nn.GRU), ("rnn", nn.RNN)])
def test_recurrent_layers_are_torch_s(kind: str, module: Callable[..., nn.RNNBase]) -> None:
    fields = {"hidden_size": UNITS, "num_layers": 2, "bidirectional": True}
    theirs = module(FEATURES, UNITS, num_layers=2, bidirectional=True, batch_first=True)
    x = torch.randn(2, STEPS, FEATURES)
    for sequences in (True, False):
        ours = build(graph_of(kind, {**fields, "return_sequences": sequences}, (T, FEATURES)))
        ours.get_submodule("node").load_state_dict(theirs.state_dict())
        every, last = theirs(x)
        state = last[0] if kind == "lstm" else last
        expected = every if sequences else torch.cat((state[-2], state[-1]), -1)
        torch.testing.assert_close(ours(x), expected)


@pytest.mark.parametrize(
    ("biases", "params"), [({"num_biases": 1}, 4_352), ({}, 4_480), ({"bias": False}, 4_224)]
)
def test_an_lstm_with_one_bias_has_keras_s_number_of_weights(biases: Fields, params: int) -> None:
    graph = graph_of("lstm", {"hidden_size": 32, **biases}, (T, 1))
    assert totals(graph).params == params
    assert totals(graph).macs == 4 * 32 * (1 + 32) * T


def test_a_step_costs_what_a_cell_costs() -> None:
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        nn.LSTMCell(FEATURES, UNITS)(torch.zeros(1, FEATURES))
        nn.LSTMCell(UNITS, UNITS)(torch.zeros(1, UNITS))
    graph = graph_of("lstm", {"hidden_size": UNITS, "num_layers": 2}, (T, FEATURES))
    assert totals(graph).macs == counter.get_total_flops() // 2 * T


@pytest.mark.parametrize("fields", [{}, {"reset_after": False}])
def test_dropout_lies_between_layers(fields: Fields) -> None:
    fields = {"hidden_size": UNITS, "num_layers": 2, "dropout": 1.0, **fields}
    network = build(graph_of("gru", fields, (T, FEATURES)))
    one, other = (torch.randn(2, STEPS, FEATURES) for _ in range(2))
    assert torch.equal(network(one), network(other))
    network.eval()
    assert not torch.allclose(network(one), network(other))


@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn"])
def test_dropout_needs_two_layers(kind: str) -> None:
    with pytest.raises(ValidationError, match="needs num_layers: 2 or more"):
        ops.find(kind).model_validate({"hidden_size": 2, "dropout": 0.5})


@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("fields", [{}, {"num_biases": 1}, {"bias": False}])
def test_every_weight_is_learnt(kind: str, fields: Fields) -> None:
    fields = {"hidden_size": UNITS, "num_layers": 2, "bidirectional": True, **fields}
    network = build(graph_of(kind, fields, (T, FEATURES)))
    network(torch.randn(2, STEPS, FEATURES)).square().sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in network.parameters())


def test_embedding_is_keras_s() -> None:
    import keras

    theirs = keras.layers.Embedding(9, 4)
    theirs.build()
    weight = random(9, 4)
    theirs.set_weights([weight])
    graph = graph_of("embedding", {"num_embeddings": 9, "embedding_dim": 4}, (T,), dtype="int64")
    x = np.array([[0, 8, 3]])
    expected = theirs(torch.from_numpy(x)).numpy(force=True)
    assert np.array_equal(run_torch(graph, {"node.weight": weight}, {"x": x})["y"], expected)


def test_embedding_takes_whole_numbers() -> None:
    with pytest.raises(OperatorError, match="whole numbers of type int64") as caught:
        graph_of("embedding", {"num_embeddings": 9, "embedding_dim": 4}, (T,))
    assert "dtype: int64" in caught.value.help


def test_the_padding_has_a_vector() -> None:
    with pytest.raises(ValidationError, match="padding_idx must be less than num_embeddings: 3"):
        ops.find("embedding").model_validate(
            {"num_embeddings": 3, "embedding_dim": 2, "padding_idx": 3}
        )


@pytest.mark.parametrize("causal", [False, True])
def test_self_attention_is_torch_s(causal: bool) -> None:
    graph = graph_of("multi_head_attention", {"num_heads": 2, "causal": causal}, (T, 6))
    theirs = nn.MultiheadAttention(6, 2, batch_first=True)
    ours = build(graph)
    assert [*theirs.state_dict()] == [*ours.get_submodule("node").state_dict()]
    nn.init.normal_(theirs.in_proj_bias)
    ours.get_submodule("node").load_state_dict(theirs.state_dict())
    x = torch.randn(3, STEPS, 6)
    mask = nn.Transformer.generate_square_subsequent_mask(STEPS) if causal else None
    expected, _ = theirs(x, x, x, attn_mask=mask, need_weights=False)
    torch.testing.assert_close(ours(x), expected)


def test_self_attention_starts_as_torch_s() -> None:
    torch.manual_seed(0)
    ours = build(graph_of("multi_head_attention", {"num_heads": 2}, (T, 64)))
    theirs = nn.MultiheadAttention(64, 2)
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert mine.std().item() == pytest.approx(other.std().item(), rel=0.1)


def test_attention_is_keras_s() -> None:
    import keras

    heads, features = 2, 6
    theirs = keras.layers.MultiHeadAttention(heads, features // heads)
    theirs.build((None, STEPS, features), (None, 4, features))
    given = [random(*w.shape, seed=i) for i, w in enumerate(theirs.weights)]
    theirs.set_weights(given)
    *projections, out, out_bias = given
    weights = {
        "node.in_proj_weight": np.concatenate(
            [w.reshape(features, -1).T for w in projections[0::2]]
        ),
        "node.in_proj_bias": np.concatenate([b.reshape(-1) for b in projections[1::2]]),
        "node.out_proj.weight": out.reshape(-1, features).T,
        "node.out_proj.bias": out_bias,
    }
    graph = graph_of("cross_attention", {"num_heads": heads}, (T, features), (4, features))
    assert totals(graph).params == theirs.count_params()
    x, memory = random(2, STEPS, features), random(2, 4, features, seed=1)
    # Keras calls its inputs query, value, key.
    expected = theirs(*map(torch.from_numpy, (x, memory, memory))).numpy(force=True)
    made = run_torch(graph, weights, {"x": x, "memory": memory})["y"]
    assert difference(expected, made) <= TOLERANCE


@pytest.mark.parametrize("kind", ["multi_head_attention", "cross_attention"])
def test_attention_drops_positions_while_training(kind: str) -> None:
    shapes = [(STEPS, 6)] * (2 if kind == "cross_attention" else 1)
    network = build(graph_of(kind, {"num_heads": 2, "dropout": 1.0, "bias": False}, *shapes))
    inputs = [torch.randn(2, STEPS, 6) for _ in shapes]
    assert not network(*inputs).any()
    assert network.eval()(*inputs).any()


def test_heads_divide_the_features() -> None:
    with pytest.raises(OperatorError, match="6 features cannot be divided into num_heads: 4"):
        graph_of("multi_head_attention", {"num_heads": 4}, (T, 6))


def test_query_and_memory_have_equal_features() -> None:
    with pytest.raises(OperatorError, match="but they are T×6 and 4×8") as caught:
        graph_of("cross_attention", {"num_heads": 2}, (T, 6), (4, 8))
    assert "linear: 6" in caught.value.help


def test_sinusoids_are_the_paper_s() -> None:
    features, length = 6, 50
    graph = graph_of("sinusoidal_position_embedding", {}, (T, features))
    x = np.zeros((1, length, features), np.float32)
    expected = np.zeros_like(x)
    for position in range(length):
        for i in range(features // 2):
            angle = position / 10_000 ** (2 * i / features)
            expected[0, position, 2 * i : 2 * i + 2] = math.sin(angle), math.cos(angle)
    assert difference(expected, run_torch(graph, {}, {"x": x})["y"]) <= TOLERANCE


def test_positions_are_added_from_the_first_on() -> None:
    graph = graph_of("position_embedding", {"max_length": 9}, (T, 4))
    weights = random_weights(graph)
    x = random(2, 5, 4)
    expected = x + weights["node.weight"][:5]
    assert np.array_equal(run_torch(graph, weights, {"x": x})["y"], expected)
    with pytest.raises(ValueError, match="a sequence of 10 is longer than max_length: 9"):
        build(graph)(torch.zeros(1, 10, 4))


@pytest.mark.parametrize(
    ("fields", "shape", "message", "remedy"),
    [
        ({}, (T, 4), "its length is T", "give max_length"),
        ({"max_length": 3}, (5, 4), "longer than max_length: 3", "use max_length: 5"),
    ],
)
def test_positions_need_a_longest_sequence(
    fields: Fields, shape: Shape, message: str, remedy: str
) -> None:
    with pytest.raises(OperatorError, match=message) as caught:
        graph_of("position_embedding", fields, shape)
    assert remedy in caught.value.help


def test_the_class_token_comes_first() -> None:
    graph = graph_of("class_token", {}, (T, 4))
    weights = random_weights(graph)
    x = random(2, 5, 4)
    made = run_torch(graph, weights, {"x": x})["y"]
    assert np.array_equal(made[:, 1:], x)
    assert np.array_equal(made[:, 0], np.tile(weights["node.token"][0], (2, 1)))
