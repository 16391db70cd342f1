"""The PyTorch network of a graph, beyond the laws of single operators."""

from __future__ import annotations

import copy
import io
import pickle
import traceback
import weakref
from collections.abc import Mapping
from typing import ClassVar

import pytest
import torch
from networks import Builder, branching
from torch import nn

from archspec.backends.torch import build, memory_errors
from archspec.ir.dim import Dim
from archspec.ir.lowering import Input, TorchFunction, TorchLowering, TorchModule
from archspec.ir.op import Operator, Param, known
from archspec.ir.types import TensorType
from archspec.ops.add import Add
from archspec.ops.concat import Concat
from archspec.ops.linear import Linear
from archspec.ops.relu import ReLU

H, W = Dim.of("H"), Dim.of("W")


def _image(batch: int = 2) -> torch.Tensor:
    return torch.randn(batch, 3, 12, 10, generator=torch.Generator().manual_seed(0))


def test_state_dict_keys_are_paths() -> None:
    graph = branching()
    keys = [f"{node.path}.{name}" for node in graph.nodes for name in node.parameters()]
    assert sorted(build(graph).state_dict()) == sorted(keys)
    assert isinstance(build(graph).get_submodule("blocks.0.conv_2"), nn.Conv2d)


def test_it_computes_what_the_same_layers_by_hand_do() -> None:
    network = build(branching()).eval()
    layer = network.get_submodule
    image = _image()
    stem = layer("stem.norm")(layer("stem.conv")(image))
    wide = layer("mix.wide.conv")(stem).relu()
    pool = nn.functional.max_pool2d(stem, 3, 1, 1)
    mixed = torch.cat([layer("mix.narrow")(stem), wide, pool], dim=1)
    block = mixed + layer("blocks.0.conv_2")(layer("blocks.0.conv")(mixed))
    expected = layer("fc")(block.mean(dim=(2, 3)))
    torch.testing.assert_close(network(image), expected)


def test_heads_run_in_training_only() -> None:
    network = build(branching())
    calls: list[str] = []
    network.get_submodule("early.fc").register_forward_hook(lambda *_: calls.append("early"))
    trained = network.train()(_image())
    assert {name: tuple(t.shape) for name, t in trained.items()} == {
        "logits": (2, 5),
        "early": (2, 5),
    }
    assert calls == ["early"]
    evaluated = network.eval()(_image())
    assert evaluated.shape == (2, 5)
    assert calls == ["early"]


def test_gradients_reach_every_parameter() -> None:
    network = build(branching()).train()
    sum(output.square().sum() for output in network(_image()).values()).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


def test_one_output_without_heads_is_a_tensor_in_both_modes() -> None:
    net = Builder("plain")
    net.graph.outputs = {"y": net.add("fc", Linear(out_features=2), net.input("x", 3))}
    network = build(net.graph)
    x = torch.ones(1, 3)
    assert torch.equal(network.train()(x), network.eval()(x))


@pytest.mark.parametrize("training", [True, False])
def test_several_outputs_are_a_dict(training: bool) -> None:
    net = Builder("two")
    x = net.input("x", 3)
    made = net.add("fc", Linear(out_features=2), x)
    net.graph.outputs = {"scores": made, "rectified": net.add("relu", ReLU(), made), "same": x}
    given = torch.randn(4, 3)
    outputs = build(net.graph).train(training)(given)
    assert list(outputs) == ["scores", "rectified", "same"]
    assert torch.equal(outputs["scores"].relu(), outputs["rectified"])
    assert outputs["same"] is given


def test_inputs_are_taken_by_position_and_by_name() -> None:
    net = Builder("two inputs")
    left, right = net.input("left", 2), net.input("right", 3)
    net.graph.outputs = {"both": net.add("concat", Concat(), left, right)}
    network = build(net.graph)
    a, b = torch.zeros(1, 2), torch.ones(1, 3)
    expected = torch.tensor([[0.0, 0.0, 1.0, 1.0, 1.0]])
    for made in (network(a, b), network(right=b, left=a), network(a, right=b)):
        assert torch.equal(made, expected)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'right'"):
        network(a)
    with pytest.raises(TypeError, match="unexpected keyword argument 'middle'"):
        network(a, b, middle=b)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((2, 1, 12, 10), r"image: \[batch, 3, 12, 10\], but was given \[2, 1, 12, 10\]$"),
        ((3, 12, 10), r"image: \[batch, 3, 12, 10\], but was given \[3, 12, 10\]$"),
        ((2, 3, 10, 12), r"image: \[batch, 3, 12, 10\], but was given \[2, 3, 10, 12\]$"),
    ],
)
def test_an_input_of_the_wrong_shape_is_named(shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build(branching())(torch.zeros(shape))


def test_a_name_means_the_same_size_everywhere() -> None:
    net = Builder("pair")
    left, right = net.input("left", H), net.input("right", H)
    net.graph.outputs = {"sum": net.add("add", Add(), left, right)}
    network = build(net.graph)
    assert network(torch.ones(2, 4), torch.ones(2, 4)).shape == (2, 4)
    with pytest.raises(
        ValueError, match=r"right: \[batch, H\], but was given \[2, 1\], where H is 4"
    ):
        network(torch.ones(2, 4), torch.ones(2, 1))
    with pytest.raises(ValueError, match=r"given \[1, 4\], where batch is 2"):
        network(torch.ones(2, 4), torch.ones(1, 4))


def test_sizes_that_must_be_equal_are_not_broadcast() -> None:
    net = Builder("pair")
    left, right = net.input("left", H), net.input("right", W)
    net.graph.outputs = {"sum": net.add("merge.add", Add(), left, right)}
    network = build(net.graph)
    assert network(torch.ones(2, 4), torch.ones(2, 4)).shape == (2, 4)
    message = "merge.add needs equal features, but H is 4 and W is 1 for batch = 2, H = 4, W = 1"
    with pytest.raises(ValueError, match=message):
        network(torch.ones(2, 4), torch.ones(2, 1))


def test_symbolic_sizes_take_any_size() -> None:
    network = build(branching(H, W)).eval()
    assert network(torch.zeros(1, 3, 9, 9)).shape == (1, 5)
    assert network(torch.zeros(3, 3, 20, 7)).shape == (3, 5)


def test_copies_compute_the_same_and_are_independent() -> None:
    network = build(branching()).eval()
    expected = network(_image())
    file = io.BytesIO()
    torch.save(network.state_dict(), file)
    file.seek(0)
    restored = build(branching()).eval()
    assert not torch.equal(restored(_image()), expected)
    restored.load_state_dict(torch.load(file, weights_only=True))
    copied, unpickled = copy.deepcopy(network), pickle.loads(pickle.dumps(network))
    nn.init.zeros_(network.get_parameter("fc.weight"))
    for other in (restored, copied, unpickled):
        assert torch.equal(other(_image()), expected)


def test_a_replaced_layer_is_the_one_that_runs() -> None:
    network = build(branching()).eval()
    network.set_submodule("fc", nn.Linear(18, 2))
    assert network(_image()).shape == (2, 2)


def test_the_global_random_state_gives_the_weights() -> None:
    torch.manual_seed(3)
    first = build(branching()).state_dict()
    torch.manual_seed(3)
    second = build(branching()).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_values_are_let_go_when_they_were_last_used() -> None:
    net = Builder("chain")
    value = net.input("x", 4)
    for index in range(3):
        value = net.add(f"fc_{index}", Linear(out_features=4), value)
    net.graph.outputs = {"y": value}
    network = build(net.graph).eval()
    made: list[weakref.ref[torch.Tensor]] = []
    alive: list[int] = []

    def watch(_module: nn.Module, _inputs: object, output: torch.Tensor) -> None:
        made.append(weakref.ref(output))
        alive.append(sum(reference() is not None for reference in made))

    for index in range(3):
        network.get_submodule(f"fc_{index}").register_forward_hook(watch)
    with torch.no_grad():
        network(torch.zeros(1, 4))
    assert alive == [1, 2, 2]


class Affine(Operator):
    """Nested calls, with lists of inputs and plain numbers among the arguments."""

    def output(self, *inputs: TensorType) -> TensorType:
        return inputs[0].with_example(*inputs[0].example[:-1], 6)

    def torch(self, *inputs: TensorType) -> TorchLowering:
        doubled = TorchFunction("torch.mul", (Input(0), 2))
        joined = TorchFunction("torch.cat", ([Input(0), doubled],), {"dim": -1})
        return TorchFunction("torch.nn.functional.pad", (joined, (1, 1)), {"value": 7.0})


def test_nested_calls_are_evaluated() -> None:
    net = Builder("nested")
    net.graph.outputs = {"y": net.add("affine", Affine(), net.input("x", 2))}
    made = build(net.graph)(torch.tensor([[1.0, 2.0]]))
    assert made.tolist() == [[7.0, 1.0, 2.0, 2.0, 4.0, 7.0]]


class Clamp(Operator):
    """A number among the arguments that Python has no literal for."""

    def output(self, *inputs: TensorType) -> TensorType:
        return inputs[0]

    def torch(self, *inputs: TensorType) -> TorchLowering:
        return TorchFunction("torch.clamp", (Input(0),), {"min": 0.0, "max": float("inf")})


def test_arguments_need_no_literal() -> None:
    net = Builder("clamped")
    net.graph.outputs = {"y": net.add("clamp", Clamp(), net.input("x", 3))}
    assert build(net.graph)(torch.tensor([[-1.0, 0.5, 9.0]])).tolist() == [[0.0, 0.5, 9.0]]


def test_names_that_look_alike_are_told_apart() -> None:
    net = Builder("alike")
    x = net.input("a_b", 2)
    first = net.add("a.b", Affine(), x)
    second = net.add("clamp", Clamp(), first)
    third = net.add("lambda", Affine(), x)
    net.graph.outputs = {"self": first, "between": second, "getattr": third}
    made = build(net.graph)(torch.tensor([[-1.0, 2.0]]))
    assert made["self"].tolist() == [[7.0, -1.0, 2.0, -2.0, 4.0, 7.0]]
    assert made["between"].tolist() == [[7.0, 0.0, 2.0, 0.0, 4.0, 7.0]]
    assert torch.equal(made["getattr"], made["self"])


def test_a_fault_within_shows_the_layer_that_was_run() -> None:
    network = build(branching()).eval()
    network.set_submodule("fc", nn.Linear(5, 2))
    try:
        network(_image())
    except RuntimeError:
        shown = traceback.format_exc()
    assert "    fc = self.fc(pool)\n" in shown


class Bilinear(Operator):
    """A module of two inputs that are not of one kind."""

    input_names: ClassVar[tuple[str, ...]] = ("left", "right")

    def output(self, *inputs: TensorType) -> TensorType:
        return inputs[0].with_example(1)

    def parameters(self, *inputs: TensorType) -> Mapping[str, Param]:
        left, right = (known(type_.example[0], "the size") for type_ in inputs)
        return {"weight": Param((1, left, right)), "bias": Param((1,))}

    def torch(self, *inputs: TensorType) -> TorchLowering:
        left, right = (type_.example[0] for type_ in inputs)
        sizes = {"in1_features": left, "in2_features": right, "out_features": 1}
        return TorchModule("torch.nn.Bilinear", sizes)


def test_a_module_takes_its_inputs_in_order() -> None:
    net = Builder("bilinear")
    left, right = net.input("left", 2), net.input("right", 3)
    net.graph.outputs = {"y": net.add("product", Bilinear(), left, right)}
    network = build(net.graph)
    a, b = torch.randn(4, 2), torch.randn(4, 3)
    assert torch.equal(network(a, b), network.get_submodule("product")(a, b))


@pytest.mark.parametrize("sizes", [(2**31, 2**31), (2**62, 2**62), (2**40, 2)])
def test_sizes_that_overflow_are_too_much_memory(sizes: tuple[int, int]) -> None:
    with pytest.raises(MemoryError), memory_errors():
        torch.ones(1, 1, 4, 4).expand(*sizes, 4, 4).clone()
    with pytest.raises(MemoryError), memory_errors():
        torch.ones(1, 1).expand(2**31, 2**33).numel()


def test_a_device_whose_memory_is_full_is_too_little_memory() -> None:
    with pytest.raises(MemoryError), memory_errors():
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
