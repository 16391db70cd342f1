"""The warnings about networks: what each rule finds, and what it leaves alone."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from random_specs import RandomSpec, random_specs
from shipped import VARIANTS

from archspec.diagnostics import Span
from archspec.diagnostics.codes import CODES
from archspec.frontend import compile_spec, compile_text
from archspec.frontend.shipped import shipped_specs
from archspec.ir.graph import Graph, Node
from archspec.lint import Finding, Training, find


class Net(NamedTuple):
    """The parts of a spec."""

    layers: str
    inputs: str = "{x: [3, 8, 8]}"
    rest: str = ""

    def graph(self) -> Graph:
        """Returns the network."""
        text = f"name: a\ninputs: {self.inputs}\nlayers: [{self.layers}]\n{self.rest}\n"
        return compile_text(text, "a.yaml").graph


CONV = "conv2d: {out_channels: 8, kernel_size: 3, padding: 1}"
VECTOR = "{x: [4]}"
DEEP = ", ".join(["linear: 5, sigmoid"] * 3)

WRONG = {
    "unused layer": (Net("relu: {name: a}, exp: {from: x}"), ["W202 a"]),
    "last of an unused branch": (
        Net("conv2d: {name: a, out_channels: 2, kernel_size: 1}, tanh, exp: {from: x}"),
        ["W202 tanh"],
    ),
    "layer after the output": (
        Net("linear: {name: fc, out_features: 2}, softmax", VECTOR, "outputs: {y: fc}"),
        ["W202 softmax"],
    ),
    "unread input": (Net("relu", "{x: [4], y: [4]}"), ["W203 y"]),
    "bias before batch norm": (Net(f"{CONV}, batch_norm"), ["W204 conv2d"]),
    "bias before batch norm without its own": (
        Net(f"{CONV}, batch_norm: {{affine: false}}"),
        ["W204 conv2d"],
    ),
    "bias before two batch norms": (
        Net(f"{CONV}, add: {{a: [batch_norm], b: [batch_norm]}}"),
        ["W204 conv2d"],
    ),
    "bias of a vector": (Net("linear: 8, batch_norm", VECTOR), ["W204 linear"]),
    "bias of a transposed convolution": (
        Net("conv_transpose2d: {out_channels: 8, kernel_size: 2, stride: 2}, instance_norm"),
        ["W204 conv_transpose2d"],
    ),
    "bias of a composite": (
        Net("separable_conv2d: {out_channels: 8, kernel_size: 3}, batch_norm"),
        ["W204 separable_conv2d.pointwise"],
    ),
    "shared bias": (
        Net(
            "group: {name: a, layers: [linear: 8, batch_norm]}, "
            "reuse: {name: b, layer: a, from: x}, add: [a, b]",
            VECTOR,
        ),
        ["W204 a.linear"],
    ),
    "bias before pooling and batch norm": (
        Net(f"{CONV}, max_pool2d: 2, avg_pool2d: {{kernel_size: 3, padding: 1, "
            "count_include_pad: false, stride: 1}, identity, global_avg_pool2d, batch_norm"),
        ["W204 conv2d"],
    ),
    "biases before a concat and batch norm": (
        Net(f"concat: {{a: [{CONV}], b: [{CONV}, relu]}}, batch_norm"),
        ["W204 a.conv2d"],
    ),
    "biases before an add and batch norm": (
        Net(f"add: {{a: [{CONV}], b: [{CONV}], c: [conv2d: {{out_channels: 8, kernel_size: 8}}]}}, "
            "batch_norm"),
        ["W204 a.conv2d", "W204 b.conv2d", "W204 c.conv2d"],
    ),
    "bias on a trunk that every block normalises": (
        Net(f"{CONV}, " + "residual: [batch_norm, relu], " * 2 + "batch_norm"),
        ["W204 conv2d"],
    ),
    "bias before frozen instance norm": (
        Net(f"{CONV}, instance_norm: {{freeze: true}}"),
        ["W204 conv2d"],
    ),
    "pooling of an odd size": (Net("max_pool2d: 2", "{x: [3, 7, 7]}"), ["W205 max_pool2d"]),
    "stride of a convolution": (
        Net("conv2d: {out_channels: 8, kernel_size: 3, stride: 2}"),
        ["W205 conv2d"],
    ),
    "only columns": (Net("avg_pool2d: 2", "{x: [3, 8, 9]}"), ["W205 avg_pool2d"]),
    "more than padding adds": (
        Net("zero_pad2d: 1, max_pool2d: 4", "{x: [3, 9, 9]}"),
        ["W205 max_pool2d"],
    ),
    "relu after relu": (Net(f"{CONV}, relu, relu"), ["W206 relu_2"]),
    "relu after pooling": (Net("relu, max_pool2d: 2, dropout, relu"), ["W206 relu_2"]),
    "relu of a merge": (
        Net("concat: {a: [relu], b: [sigmoid]}, global_avg_pool2d, relu"),
        ["W206 relu"],
    ),
    "relu of the larger": (Net("maximum: {a: [relu], b: [tanh]}, relu"), ["W206 relu"]),
    "relu6 of the smaller": (Net("minimum: {a: [relu6], b: [exp]}, relu6"), ["W206 relu6"]),
    "relu of a gate": (Net("relu, multiply: {a: [], b: [sigmoid]}, abs"), ["W206 abs"]),
    "relu6 of relu6": (Net("relu6, relu6"), ["W206 relu6_2"]),
    "leaky_relu of relu": (Net("relu, leaky_relu: 0.1"), ["W206 leaky_relu"]),
    "relu of softmax": (Net("softmax: 1, relu"), ["W206 relu"]),
    "softmax of softmax": (Net("softmax, dropout, softmax", VECTOR), ["W206 softmax_2"]),
    "softmax of log_softmax": (Net("log_softmax: 1, softmax", VECTOR), ["W206 softmax"]),
    "linear layers in a row": (
        Net("linear: 8, linear: 6, linear: 2", VECTOR),
        ["W207 linear_2", "W207 linear_3"],
    ),
    "only dropout between": (Net("linear: 8, dropout, linear: 2", VECTOR), ["W207 linear_2"]),
    "only flatten between": (
        Net("linear: 8, flatten, linear: 2", "{x: [5, 4]}"),
        ["W207 linear_2"],
    ),
    "convolutions in a row": (Net(f"{CONV}, {CONV}"), ["W207 conv2d_2"]),
    "deep sigmoids": (Net(f"{DEEP}, linear: 2", VECTOR), ["W208 sigmoid"]),
    "deep sigmoids with pooling": (
        Net(
            f"{CONV}, sigmoid, avg_pool2d: 2, {CONV}, sigmoid, flatten, linear: 9, dropout, "
            "hardsigmoid, linear: 5, sigmoid, linear: 3, softmax"
        ),
        ["W208 sigmoid"],
    ),
    "channels last": (Net("relu, conv2d: {out_channels: 8, kernel_size: 1}", "{x: [9, 9, 3]}"),
                      ["W209 x"]),
    "channels of a wide picture last": (Net(CONV, "{x: [224, 320, 3]}"), ["W209 x"]),
    "channels last of a picture of any width": (Net(CONV, "{x: [224, W, 3]}"), ["W209 x"]),
    "channels last of any picture": (Net("avg_pool2d: 3", "{x: [H, W, 3]}"), ["W209 x"]),
    "channels last before batch norm": (Net(f"batch_norm, {CONV}", "{x: [64, 64, 3]}"),
                                        ["W209 x"]),
    "channels of frames last": (
        Net("conv3d: {out_channels: 8, kernel_size: 3}", "{x: [10, 64, 64, 3]}"),
        ["W209 x"],
    ),
    "grey channels last": (Net("max_pool2d: 1", "{x: [28, 28, 1]}"), ["W209 x"]),
}  # fmt: skip

FINE = {
    "head": Net(f"{CONV}, auxiliary: {{name: h, layers: [flatten, linear: 2]}}, relu"),
    "penalised output": Net("tanh: {output_l1: 0.1}, exp: {from: x}"),
    "one output of several": Net("split: {parts: [a, b], name: s}, relu: {from: s.b}",
                                 "{x: [4, 8, 8]}"),
    "input as an output": Net("relu", "{x: [4], y: [4]}", "outputs: {a: relu, b: y}"),
    "no bias": Net("conv2d: {out_channels: 8, kernel_size: 3, bias: false}, batch_norm"),
    "bias that is read elsewhere": Net(f"{CONV}, add: {{a: [batch_norm], b: []}}"),
    "bias of an output": Net(f"{CONV}, batch_norm", rest="outputs: [conv2d, batch_norm]"),
    "bias along another axis": Net("linear: 5, batch_norm", "{x: [5, 4]}"),
    "bias before layer norm": Net("linear: 8, layer_norm", VECTOR),
    "bias before group norm": Net(f"{CONV}, group_norm: 2"),
    "bias that matters where it is reused": Net(
        "linear: {name: a, out_features: 4}, batch_norm: {name: n}, "
        "reuse: {name: b, layer: a, from: x}, exp, add: [n, exp]", VECTOR),
    "bias before frozen batch norm": Net(f"{CONV}, batch_norm: {{freeze: true}}, relu"),
    "bias before frozen batch norm that is reused": Net(
        f"{CONV}, batch_norm: {{name: n, freeze: true}}, relu, "
        "conv2d: {out_channels: 8, kernel_size: 1}, reuse: {name: again, layer: n}"),
    "bias that is frozen": Net("conv2d: {out_channels: 8, kernel_size: 3, freeze: true}, "
                               "batch_norm"),
    "bias before zeros that count": Net(f"{CONV}, avg_pool2d: {{kernel_size: 3, padding: 1, "
                                        "stride: 1}, batch_norm"),
    "bias before dropout": Net(f"{CONV}, dropout, batch_norm"),
    "bias before rows side by side": Net(
        f"concat: {{a: [{CONV}], b: [{CONV}], dim: 2}}, batch_norm"),
    "bias of a penalised output": Net(CONV[:-1] + ", output_l2: 0.1}, batch_norm"),
    "bias of a penalised pooling": Net(f"{CONV}, max_pool2d: {{kernel_size: 2, output_l2: 0.1}}, "
                                       "batch_norm"),
    "bias of channels and of columns": Net(
        "linear: {name: a, out_features: 4}, batch_norm: {name: n}, reshape: [2, 2, 4], "
        "reuse: {name: b, layer: a}, batch_norm", "{x: [4, 4]}"),
    "even size": Net("max_pool2d: 2"),
    "ceil_mode": Net("max_pool2d: {kernel_size: 2, ceil_mode: true}", "{x: [3, 7, 7]}"),
    "same": Net("conv2d: {out_channels: 2, kernel_size: 3, stride: 2, padding: same}"),
    "left over of the padding": Net("conv2d: {out_channels: 2, kernel_size: 3, stride: 2,"
                                    " padding: 1}"),
    "left over of zero_pad2d": Net("zero_pad2d: 1, max_pool2d: {kernel_size: 3, stride: 2}"),
    "skips on purpose": Net("conv2d: {out_channels: 2, kernel_size: 1, stride: 2}",
                            "{x: [3, 7, 7]}"),
    "one row of many": Net("conv2d: {out_channels: 2, kernel_size: 3, stride: 2}",
                           "{x: [3, 224, 224]}"),
    "dilated rows all over": Net("conv2d: {out_channels: 2, kernel_size: 2, stride: 2, "
                                 "dilation: 2}", "{x: [3, 10, 10]}"),
    "unknown size": Net("max_pool2d: 2", "{x: [3, H, W]}"),
    "relu after a linear layer": Net("relu, linear: 4, relu", VECTOR),
    "relu after noise": Net("relu, gaussian_noise: 0.1, relu"),
    "relu of a difference": Net("relu, subtract: {other: [exp]}, relu"),
    "relu of one side": Net("concat: {a: [relu], b: [tanh]}, relu"),
    "relu6 after relu": Net("relu, relu6"),
    "relu6 after dropout": Net("relu6, dropout, relu6"),
    "softmax along two axes": Net("softmax: 1, softmax: 2", "{x: [4, 5]}"),
    "a linear code": Net("linear: 8, tanh, linear: 2, linear: 8", VECTOR),
    "weights of low rank": Net("linear: 3, linear: 64", "{x: [64]}"),
    "linear layers with something between": Net("linear: 8, tanh, linear: 2", VECTOR),
    "linear layer that is read elsewhere": Net("linear: 4, add: {a: [linear: 4], b: []}", VECTOR),
    "row and column": Net("conv2d: {out_channels: 8, kernel_size: [1, 7]}, "
                          "conv2d: {out_channels: 8, kernel_size: [7, 1]}"),
    "fewer channels between": Net("conv2d: {out_channels: 2, kernel_size: 3}, "
                                  "conv2d: {out_channels: 8, kernel_size: 1}"),
    "separable": Net("separable_conv2d: {out_channels: 8, kernel_size: 3}"),
    "groups": Net("conv2d: {out_channels: 6, kernel_size: 3, groups: 3}, "
                  "conv2d: {out_channels: 8, kernel_size: 1}"),
    "upsampled scores": Net("conv2d: {out_channels: 8, kernel_size: 1}, "
                            "conv_transpose2d: {out_channels: 8, kernel_size: 2, stride: 2}"),
    "batch norm between": Net("conv2d: {out_channels: 8, kernel_size: 1, bias: false}, batch_norm, "
                              "conv2d: {out_channels: 8, kernel_size: 1}"),
    "two hidden sigmoids": Net("linear: 50, sigmoid, linear: 30, sigmoid, linear: 3, sigmoid",
                               VECTOR),
    "relu between sigmoids": Net("linear: 5, sigmoid, linear: 5, sigmoid, linear: 5, relu, "
                                 "linear: 5, sigmoid, linear: 5", VECTOR),
    "normalised sigmoids": Net(", ".join(["linear: 5, layer_norm, sigmoid"] * 5 + ["linear: 1"]),
                               VECTOR),
    "residual sigmoids": Net("linear: 5, " + "residual: [linear: 5, sigmoid], " * 4 + "linear: 1",
                             VECTOR),
    "gates": Net(", ".join([CONV, *["squeeze_excitation: {reduction: 2}, relu, " + CONV] * 4])),
    "tanh": Net(", ".join(["linear: 5, tanh"] * 5 + ["linear: 1"]), VECTOR),
    "channels first": Net("conv2d: {out_channels: 8, kernel_size: 1}", "{x: [3, 9, 9]}"),
    "electrodes": Net("batch_norm, conv2d: {out_channels: 8, kernel_size: [3, 1], "
                      "padding: [1, 0]}", "{x: [64, 64, 1]}"),
    "small maps": Net("max_pool2d: 1", "{x: [16, 20, 3]}"),
    "channels of volumes first": Net("conv3d: {out_channels: 8, kernel_size: 3}",
                                     "{x: [3, 64, 64, 3]}"),
    "no image": Net("flatten", "{x: [9, 9, 3]}"),
    "final softmax": Net("linear: 3, softmax", VECTOR),
    "final sigmoid": Net("linear: 1, sigmoid", VECTOR),
}  # fmt: skip


def said(findings: list[Finding]) -> list[str]:
    """Returns codes with the layers or inputs that they are about."""
    return [f"{f.code} {f.at.path if isinstance(f.at, Node) else f.at}" for f in findings]


@pytest.mark.parametrize(("net", "expected"), WRONG.values(), ids=WRONG)
def test_what_is_surely_wrong_is_found_and_nothing_else(net: Net, expected: list[str]) -> None:
    findings = find(net.graph())
    assert said(findings) == expected
    for finding in findings:
        assert finding.code in CODES
        assert finding.help
        assert "\n" not in finding.message
        assert len(finding.message) < 160


@pytest.mark.parametrize("net", FINE.values(), ids=FINE)
def test_what_may_be_meant_is_left_alone(net: Net) -> None:
    assert said(find(net.graph())) == []


def test_every_rule_about_graphs_is_tried() -> None:
    codes = {code for code in CODES if code.startswith("W2")} - {"W201"}
    assert {line.split()[0] for _, expected in WRONG.values() for line in expected} == codes


def silenced(text: str) -> set[str]:
    """Returns the codes of the warnings that a spec's comments silence."""
    return set(re.findall(r"archspec: ignore\[(\w+)\]", text))


def test_published_networks_are_quiet_but_for_what_their_comments_silence() -> None:
    found: dict[str, set[str]] = {name: set() for name, _ in VARIANTS}
    for name, variant in VARIANTS:
        compiled = compile_spec(str(shipped_specs()[name]), variant=variant)
        codes = {finding.code for finding in find(compiled.graph)}
        assert codes <= {code for text in compiled.sources.values() for code in silenced(text)}
        if name == "resnet":
            assert codes == ({"W204"} if (variant or "").endswith("_keras") else set())
        found[name] |= codes
    for name, path in shipped_specs().items():
        assert silenced(path.read_text(encoding="utf-8")) <= found[name], "a needless comment"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(random_specs())
def test_no_network_is_too_odd(spec: RandomSpec) -> None:
    nodes = {node.path for node in spec.graph.nodes}
    training = Training(3, "the data", Span("a.yaml"), "cross_entropy", Span("a.yaml"))
    for finding in find(spec.graph, training):
        places = [finding.at, *(place for place, _ in finding.others)]
        assert finding.code in CODES
        for place in places:
            named = place.path if isinstance(place, Node) else place
            assert isinstance(named, Span) or named in nodes or named in spec.graph.inputs
