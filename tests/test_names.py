"""The naming rule."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from archspec.analysis.summary import as_json
from archspec.diagnostics import Span, SpecError
from archspec.frontend.compiler import analyse_text, compile_text
from archspec.frontend.names import MODULE_ATTRIBUTES, name_fault

SPAN = Span("a.yaml")


def test_the_table_of_module_attributes_is_torchs() -> None:
    public = {name for name in dir(torch.nn.Module()) if not name.startswith("_")}
    assert public <= MODULE_ATTRIBUTES


@pytest.mark.parametrize("name", [*sorted(MODULE_ATTRIBUTES), "class", "2nd", "a b", "_x", "é", ""])
def test_names_that_would_break_a_module_are_refused(name: str) -> None:
    fault = name_fault(name, SPAN)
    assert fault
    assert fault.code == "E108"


@given(st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True))
def test_a_name_that_is_allowed_works_as_a_submodule(name: str) -> None:
    if name_fault(name, SPAN) is None:
        module = torch.nn.Module()
        module.add_module(name, torch.nn.Linear(1, 1))
        assert getattr(module, name)(torch.zeros(1)).shape == (1,)
        assert set(module.state_dict()) == {f"{name}.weight", f"{name}.bias"}


def paths(layers: str, blocks: str = "{}") -> list[str]:
    text = f"name: a\ninputs: {{x: [4, 8, 8]}}\nblocks: {blocks}\nlayers:\n{layers}"
    return [node.path for node in compile_text(text, "a.yaml").graph.nodes]


def test_unnamed_layers_are_counted_by_kind() -> None:
    assert paths("  - relu\n  - tanh\n  - relu\n") == ["relu", "tanh", "relu_2"]


def test_a_skipped_layer_keeps_its_number() -> None:
    assert paths("  - relu\n  - relu: {when: =false}\n  - relu\n") == ["relu", "relu_3"]


def test_a_repeat_index_is_always_written() -> None:
    assert paths("  - relu: {repeat: 1}\n") == ["relu.0"]
    assert paths("  - relu: {name: a, repeat: 2}\n") == ["a.0", "a.1"]


def test_blocks_are_scopes_and_unnamed_merges_are_not() -> None:
    blocks = "{b: {layers: [concat: {l: [relu], r: [tanh, relu]}]}}"
    assert paths("  - b\n  - b\n  - b: {name: c}\n", blocks) == [
        *("b.l.relu", "b.r.tanh", "b.r.relu", "b.concat"),
        *("b_2.l.relu", "b_2.r.tanh", "b_2.r.relu", "b_2.concat"),
        *("c.l.relu", "c.r.tanh", "c.r.relu", "c.concat"),
    ]


def test_a_named_merge_is_a_scope_with_the_merge_inside() -> None:
    assert paths("  - add: {name: y, l: [relu], r: []}\n") == ["y.l.relu", "y.add"]


def test_a_residual_is_transparent_but_for_its_shortcut() -> None:
    layer = "  - residual: {body: [relu, tanh], shortcut: [relu]}\n  - relu\n"
    assert paths(layer) == ["relu", "tanh", "shortcut.relu", "add", "relu_2"]


def test_a_layer_called_by_a_parameter_has_the_parameters_name() -> None:
    blocks = "{b: {params: {act: relu}, layers: [=act]}}"
    assert paths("  - b\n  - b: tanh\n", blocks) == ["b.act", "b_2.act"]


def test_a_default_name_is_unique_in_its_own_scope_whatever_is_around_it() -> None:
    group = "- group: {name: n, layers: [tanh, exp: {from: tanh}]}"
    outer = "\n".join(["- tanh", group, "- tanh"])
    graph = compile_text(f"name: net\ninputs: {{x: [4]}}\nlayers:\n{outer}\n", "net.yaml").graph
    (exp,) = (node for node in graph.nodes if node.path == "n.exp")
    assert [value.name for value in exp.inputs] == ["n.tanh"]
    twice = "- group: {name: n, layers: [tanh, tanh, exp: {from: tanh}]}"
    with pytest.raises(SpecError, match="several layers here are called `tanh`"):
        compile_text(f"name: net\ninputs: {{x: [4]}}\nlayers:\n{twice}\n", "net.yaml")


def test_a_reference_by_an_ambiguous_default_name_is_refused() -> None:
    text = (
        "name: a\ninputs: {x: [4]}\nlayers:\n  - relu\n  - tanh\n  - relu\n  - add: [relu, tanh]\n"
    )
    (fault,) = analyse_text(text, "a.yaml").diagnostics
    assert fault.code == "E109"


@pytest.mark.parametrize(
    "text",
    [
        "name: a\ninputs: {x: [4]}\nlayers:\n  - relu: {name: x}\n",
        "name: a\ninputs: {x: [4]}\nlayers:\n  - relu\noutputs: {x: relu}\n",
    ],
)
def test_an_inputs_name_is_taken(text: str) -> None:
    (fault,) = analyse_text(text, "a.yaml").diagnostics
    assert fault.code == "E109"


def test_inserting_a_layer_elsewhere_renames_nothing() -> None:
    before = "  - conv2d: {name: stem, out_channels: 4, kernel_size: 1}\n"
    after = "  - residual: [relu, tanh]\n  - flatten\n"
    for layer in ("batch_norm", "dropout", "sigmoid", "max_pool2d: 1"):
        grown = paths(f"{before}  - {layer}\n{after}")
        assert [path for path in grown if path != layer.partition(":")[0]] == paths(before + after)


def test_paths_carry_through_to_the_json() -> None:
    text = "name: a\ninputs: {x: [4]}\nlayers:\n  - linear: {name: fc, out_features: 2}\n"
    graph = compile_text(text, "a.yaml").graph
    layers = as_json(graph, (), ok=True, file="a.yaml")["layers"]
    assert isinstance(layers, list)
    assert layers[0]["name"] == "fc"
