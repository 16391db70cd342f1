"""What a node's treatment makes of its module: where weights start, and what stays still."""

from __future__ import annotations

import math

import pytest
import torch
from networks import Builder
from torch import nn

from archspec.backends.torch import build
from archspec.diagnostics import Span
from archspec.ir.graph import Graph, Value
from archspec.ir.op import Operator
from archspec.ir.treatment import Initializer, Treatment
from archspec.ir.types import TensorType
from archspec.ops.batch_norm import BatchNorm
from archspec.ops.conv2d import Conv2d
from archspec.ops.dropout import Dropout
from archspec.ops.embedding import Embedding
from archspec.ops.linear import Linear
from archspec.ops.rbf import RBF

FROZEN = Treatment(frozen=True)
HE = Initializer("torch.nn.init.kaiming_uniform_", {"nonlinearity": "relu"})

ONES = Initializer("torch.nn.init.ones_")


def chain(*nodes: tuple[str, Operator, Treatment], inputs: tuple[int, ...] = (4,)) -> Graph:
    """Returns nodes in a row."""
    net = Builder("chain")
    value = net.input("x", *inputs)
    for path, op, treatment in nodes:
        value = treated(net, path, op, value, treatment=treatment)
    net.graph.outputs = {"y": value}
    return net.graph


def treated(
    net: Builder,
    path: str,
    op: Operator,
    value: Value,
    *,
    treatment: Treatment,
    shares: str | None = None,
) -> Value:
    """Adds a node and returns its output."""
    span = Span("test.yaml")
    (output,) = net.graph.add(path, op, [value], span=span, shares=shares)
    net.graph.nodes[-1] = net.graph.nodes[-1]._replace(treatment=treatment)
    return output


@pytest.mark.parametrize(
    ("name", "arguments", "variance"),
    [
        ("kaiming", {"nonlinearity": "relu"}, 2 / 288),  # He et al. 2015
        ("xavier", {}, 2 / (288 + 576)),  # Glorot and Bengio 2010
        ("kaiming", {"nonlinearity": "linear"}, 1 / 288),  # LeCun et al. 1998
    ],
)
def test_initialisers_have_the_variance_of_their_papers(
    name: str, arguments: dict[str, object], variance: float
) -> None:
    torch.manual_seed(0)
    conv = Conv2d(out_channels=64, kernel_size=3)

    def weight(kind: str) -> torch.Tensor:
        treatment = Treatment(weight_init=Initializer(f"torch.nn.init.{name}_{kind}_", arguments))
        graph = chain(("conv", conv, treatment), inputs=(32, 5, 5))
        return build(graph).get_parameter("conv.weight").detach()

    uniform, normal = weight("uniform"), weight("normal")
    bound = math.sqrt(3 * variance)
    assert 0.999 * bound < uniform.abs().max() <= bound
    assert uniform.var() == pytest.approx(variance, rel=0.03)
    assert normal.var() == pytest.approx(variance, rel=0.03)
    assert normal.abs().max() > bound


def test_weights_are_filled_in_the_order_of_the_layers_after_torchs_default() -> None:
    quarter = Initializer("torch.nn.init.constant_", {"val": 0.25})
    linear = Linear(out_features=4)
    graph = chain(
        ("a", linear, Treatment(weight_init=HE)),
        ("b", linear, Treatment(bias_init=quarter)),
        ("c", linear, Treatment(weight_init=HE)),
    )
    torch.manual_seed(7)
    made = build(graph)
    torch.manual_seed(7)
    a = nn.Linear(4, 4)
    nn.init.kaiming_uniform_(a.weight, nonlinearity="relu")
    b = nn.Linear(4, 4)
    nn.init.constant_(b.bias, 0.25)
    c = nn.Linear(4, 4)
    nn.init.kaiming_uniform_(c.weight, nonlinearity="relu")
    for name, by_hand in (("a", a), ("b", b), ("c", c)):
        layer = made.get_submodule(name)
        assert torch.equal(layer.weight, by_hand.weight)  # type: ignore[arg-type]
        assert torch.equal(layer.bias, by_hand.bias)  # type: ignore[arg-type]


def test_given_weights_are_not_filled_and_need_no_gradient() -> None:
    plain = chain(("rbf", RBF(out_features=3), Treatment()))
    filled = chain(("rbf", RBF(out_features=3), Treatment(weight_init=HE)))
    weights = []
    for graph in (plain, filled):
        torch.manual_seed(0)
        weights.append(build(graph).get_parameter("rbf.weight"))
    assert torch.equal(*weights)
    assert not weights[1].requires_grad


def test_the_vector_of_padding_starts_as_zeros_however_the_others_do() -> None:
    net = Builder("tokens")
    tokens = net.graph.add_input("tokens", TensorType.of_example((6,), "int64"))
    op = Embedding(num_embeddings=5, embedding_dim=3, padding_idx=2)
    net.graph.outputs = {"y": treated(net, "e", op, tokens, treatment=Treatment(weight_init=ONES))}
    weight = build(net.graph).get_parameter("e.weight")
    assert weight.sum(dim=1).tolist() == [3, 3, 0, 3, 3]


def test_shared_weights_are_filled_and_frozen_by_the_layer_that_owns_them() -> None:
    ones = Treatment(weight_init=ONES)
    zeros = Treatment(frozen=True, weight_init=Initializer("torch.nn.init.zeros_"))
    linear = Linear(out_features=4)
    for owner, reader in ((ones, zeros), (zeros, ones)):
        net = Builder("shared")
        value = treated(net, "a", linear, net.input("x", 4), treatment=owner)
        end = treated(net, "b", linear, value, treatment=reader, shares="a")
        net.graph.outputs = {"y": end}
        network = build(net.graph)
        assert set(network.state_dict()) == {"a.weight", "a.bias"}
        weight = network.get_parameter("a.weight")
        assert weight.mean().item() == (1 if owner is ones else 0)
        assert weight.requires_grad is (owner is ones)


def test_a_frozen_layer_needs_no_gradient_and_keeps_its_statistics() -> None:
    graph = chain(
        ("conv", Conv2d(out_channels=2, kernel_size=3), FROZEN),
        ("norm", BatchNorm(), FROZEN),
        ("drop", Dropout(), FROZEN),
        ("free", BatchNorm(), Treatment()),
        inputs=(1, 5, 5),
    )
    network = build(graph)
    assert {name for name, p in network.named_parameters() if p.requires_grad} == {
        "free.weight",
        "free.bias",
    }
    before = {name: value.clone() for name, value in network.state_dict().items()}
    image = torch.randn(8, 1, 5, 5)
    for training in (network, network.eval().train()):  # as built, and when told so
        assert training.get_submodule("drop").training
        training(image)
    after = network.state_dict()
    changed = {name for name, value in before.items() if not torch.equal(value, after[name])}
    assert changed == {"free.running_mean", "free.running_var", "free.num_batches_tracked"}
    normed = nn.functional.batch_norm(
        network.get_submodule("conv")(image), before["norm.running_mean"],
        before["norm.running_var"], before["norm.weight"], before["norm.bias"],
    )  # fmt: skip
    assert torch.equal(network.get_submodule("norm")(network.get_submodule("conv")(image)), normed)
    assert not network.eval().training
    assert not network.get_submodule("drop").training
