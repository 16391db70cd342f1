"""What a spec means: flow, references, repetition, conditions, parameters, variants."""

import pytest

from archspec.diagnostics import SpecError
from archspec.frontend import Compiled, UsageError, compile_text
from archspec.frontend.compiler import analyse_text
from archspec.ir.graph import Graph


def compiled(body: str, **options: object) -> Compiled:
    return compile_text(f"name: a\n{body}", "a.yaml", **options)  # type: ignore[arg-type]


def graph(layers: str, inputs: str = "{x: [4, 8, 8]}", more: str = "") -> Graph:
    return compiled(f"inputs: {inputs}\n{more}layers:\n{layers}").graph


def wires(graph: Graph) -> dict[str, list[str]]:
    return {node.path: [value.name for value in node.inputs] for node in graph.nodes}


def shapes(graph: Graph) -> dict[str, str]:
    return {node.path: str(node.output.type) for node in graph.nodes}


def codes(text: str) -> list[str]:
    return [d.code for d in analyse_text(f"name: a\n{text}", "a.yaml").diagnostics]


def test_the_previous_layer_is_the_input_unless_from_says_otherwise() -> None:
    made = graph("  - relu: {name: a}\n  - tanh: {name: b, from: x}\n  - add: [a, b]\n")
    assert wires(made) == {"a": ["x"], "b": ["x"], "add": ["a", "b"]}


def test_an_input_is_filled_by_keyword_with_a_name_or_layers() -> None:
    blocks = "blocks: {join: {inputs: [main, skip], layers: [add: [main, skip]]}}\n"
    made = graph("  - relu: {name: a}\n  - tanh: {name: b}\n  - join: {skip: a}\n", more=blocks)
    assert wires(made)["join.add"] == ["b", "a"]
    made = graph("  - relu: {name: a}\n  - join: {skip: [tanh]}\n", more=blocks)
    assert wires(made) == {
        "a": ["x"],
        "join.skip.tanh": ["a"],
        "join.add": ["a", "join.skip.tanh"],
    }


def test_a_residual_without_shortcut_adds_its_input() -> None:
    assert wires(graph("  - residual: [relu, tanh]\n"))["add"] == ["tanh", "x"]


def test_an_empty_path_is_the_identity_and_a_path_may_be_a_name() -> None:
    made = graph("  - relu: {name: a}\n  - concat: {p: [], q: [tanh], r: x}\n")
    assert wires(made)["concat"] == ["a", "q.tanh", "x"]
    assert shapes(made)["concat"] == "12×8×8"


def test_a_path_may_start_elsewhere_and_have_a_condition() -> None:
    layers = (
        "  - relu: {name: a}\n"
        "  - concat:\n"
        "      p: {from: x, layers: [tanh]}\n"
        "      q: {when: =in.channels > 9, layers: [sigmoid]}\n"
        "      r: []\n"
    )
    made = graph(layers)
    assert wires(made) == {"a": ["x"], "p.tanh": ["x"], "concat": ["p.tanh", "a"]}


def test_one_path_left_is_the_result() -> None:
    made = graph("  - concat: {p: [relu], q: {when: =false, layers: [tanh]}}\n")
    assert wires(made) == {"p.relu": ["x"]}
    assert made.outputs["output"].name == "p.relu"


def test_a_skipped_layer_is_the_identity_and_keeps_its_name() -> None:
    made = graph("  - relu\n  - tanh: {name: t, when: =1 > 2}\n  - sigmoid: {from: t}\n")
    assert wires(made) == {"relu": ["x"], "sigmoid": ["relu"]}


def test_repeat_by_a_number_and_first_and_last() -> None:
    layers = (
        "  - conv2d: {name: c, out_channels: 4, kernel_size: 3, repeat: 3, first: {stride: 2},"
        " last: {out_channels: 8}}\n"
    )
    made = graph(layers, inputs="{x: [4, 64, 64]}")
    assert shapes(made) == {"c.0": "4×31×31", "c.1": "4×29×29", "c.2": "8×27×27"}


def test_repeat_by_rows_and_by_columns_is_the_same() -> None:
    by_rows = "  - linear: {name: l, repeat: [{out_features: 3}, {out_features: 5, bias: false}]}\n"
    by_columns = "  - linear: {name: l, repeat: {out_features: [3, 5], bias: [true, false]}}\n"
    first, second = (graph(layers, inputs="{x: [7]}") for layers in (by_rows, by_columns))
    assert [node.op for node in first.nodes] == [node.op for node in second.nodes]
    assert shapes(first) == {"l.0": "3", "l.1": "5"}


def test_index_and_count_are_known_in_a_repeat() -> None:
    layers = '  - linear: {name: l, out_features: "=10 * (index + 1) + count", repeat: 2}\n'
    assert shapes(graph(layers, inputs="{x: [7]}")) == {"l.0": "12", "l.1": "22"}


def test_repeat_zero_is_the_identity() -> None:
    assert wires(graph("  - relu: {repeat: 0}\n  - tanh\n")) == {"tanh": ["x"]}


def test_outputs_of_a_block_are_the_leading_inputs_of_the_next_turn() -> None:
    # NASNet's state: each cell sees the last two cells' outputs.
    blocks = (
        "blocks:\n  cell:\n    inputs: [x, prev]\n"
        "    layers:\n      - add: {name: y, a: x, b: prev}\n"
        "    outputs: {out: y, prev: x}\n"
    )
    layers = "  - relu: {name: r}\n  - cell: {name: c, from: [r, x], repeat: 3}\n"
    made = wires(graph(layers, more=blocks))
    assert made["c.0.y.add"] == ["r", "x"]
    assert made["c.1.y.add"] == ["c.0.y.add", "r"]
    assert made["c.2.y.add"] == ["c.1.y.add", "c.0.y.add"]


def test_one_output_of_several_is_named_with_a_dot() -> None:
    blocks = (
        "blocks: {two: {layers: [relu: {name: a}, tanh: {name: b}], outputs: {out: b, mid: a}}}\n"
    )
    layers = "  - two\n  - sigmoid: {from: two.mid}\n"
    assert wires(graph(layers, more=blocks))["sigmoid"] == ["two.a"]


def test_a_block_sees_its_own_parameters_and_the_files_but_not_its_callers() -> None:
    head = "params: {classes: 5}\ninputs: {x: [7]}\nblocks:\n"
    inner = "  inner: {layers: [linear: =width]}\n  outer: {params: {width: 3}, layers: [inner]}\n"
    assert codes(f"{head}{inner}layers: [outer]\n") == ["E112"]
    inner = (
        "  inner: {layers: [linear: =classes]}\n  outer: {params: {classes: 3}, layers: [inner]}\n"
    )
    assert shapes(compiled(f"{head}{inner}layers: [outer]\n").graph) == {"outer.inner.linear": "5"}


def test_a_parameters_default_may_use_earlier_ones_and_the_input() -> None:
    params = "{half: =in.features // 2, full: =2 * half}"
    blocks = f"blocks: {{b: {{params: {params}, layers: [linear: =full]}}}}\n"
    made = graph("  - b\n  - b: 1\n", inputs="{x: [6]}", more=blocks)
    assert shapes(made) == {"b.linear": "6", "b_2.linear": "2"}


def test_defaults_apply_to_the_file_and_a_layer_overrides_them() -> None:
    more = "defaults: {conv2d: {kernel_size: 3, bias: false}}\n"
    made = graph("  - conv2d: 2\n  - conv2d: {out_channels: 2, kernel_size: 1}\n", more=more)
    assert [list(node.parameters()) for node in made.nodes] == [["weight"], ["weight"]]
    assert shapes(made) == {"conv2d": "2×6×6", "conv2d_2": "2×6×6"}


def test_auxiliary_heads_leave_the_flow_alone() -> None:
    layers = (
        "  - flatten\n  - auxiliary: {name: h, weight: 0.3, layers: [linear: 2]}\n  - linear: 3\n"
    )
    made = graph(layers)
    assert wires(made)["linear"] == ["flatten"]
    assert {name: head.weight for name, head in made.heads.items()} == {"h": 0.3}
    assert [node.path for node in made.nodes if node.head] == ["h.linear"]


def test_what_is_inside_a_block_or_a_path_is_private() -> None:
    blocks = "blocks: {b: {layers: [relu: {name: inside}]}}\n"
    assert codes(f"inputs: {{x: [4]}}\n{blocks}layers:\n  - b\n  - tanh: {{from: inside}}\n") == [
        "E106"
    ]
    text = (
        "inputs: {x: [4]}\nlayers:\n  - add: {p: [relu: {name: i}], q: []}\n  - tanh: {from: i}\n"
    )
    assert codes(text) == ["E106"]


VARIANTS = (
    "params: {width: 4, act: relu}\ninputs: {x: [7]}\n"
    "layers:\n  - linear: =width\n  - =act\nexpect: {params: 32}\n"
    "variants:\n"
    "  wide: {width: 8, expect: {params: 64}}\n"
    "  odd: {extends: wide, act: tanh, inputs: {x: [3]}}\n"
    "  plain: {extends: odd, defaults: {linear: {bias: false}}, expect: {params: 24}}\n"
)


def test_variants_override_parameters_and_extend_each_other() -> None:
    assert shapes(compiled(VARIANTS).graph) == {"linear": "4", "act": "4"}
    assert shapes(compiled(VARIANTS, variant="wide").graph) == {"linear": "8", "act": "8"}
    odd = compiled(VARIANTS, variant="odd").graph
    assert [node.op.kind() for node in odd.nodes] == ["linear", "tanh"]
    assert (odd.name, odd.variant, odd.stem) == ("a", "odd", "a-odd")
    assert compiled(VARIANTS, variant="plain").graph.nodes[0].parameters().keys() == {"weight"}


def test_the_base_expectations_do_not_apply_to_a_variant_or_a_setting() -> None:
    assert not compiled(VARIANTS).expect_skipped
    assert compiled(VARIANTS, variant="odd").expect_skipped
    assert compiled(VARIANTS, settings={"width": "5"}).expect_skipped
    assert codes(VARIANTS.replace("params: 32}", "params: 33}")) == ["E301"]
    with pytest.raises(SpecError, match="E301"):
        compiled(VARIANTS.replace("params: 64", "params: 65"), variant="wide")


def test_settings_take_yaml_and_must_exist() -> None:
    made = compiled("params: {n: [1]}\ninputs: {x: [7]}\nlayers: [linear: '=n[1]']\n",
                    settings={"n": "[2, 9]"}).graph  # fmt: skip
    assert shapes(made) == {"linear": "9"}
    with pytest.raises(UsageError, match="no parameter"):
        compiled(VARIANTS, settings={"depth": "3"})


def test_a_place_in_a_list_is_counted_from_0() -> None:
    text = VARIANTS + "train: {epochs: 1, data: {dataset: iris, preprocess: [rescale: 2]}}\n"
    made = compiled(text, settings={"train.data.preprocess.0.rescale": "3"}).train
    assert made is not None
    assert made.data.preprocess[0].model_dump()["rescale"] == 3
    for place in ("1", "first"):
        with pytest.raises(UsageError, match=f"`{place}` is none of the 1 in the list"):
            compiled(text, settings={f"train.data.preprocess.{place}.rescale": "3"})


def test_expect_on_a_layer_asserts_its_shape() -> None:
    assert (
        codes("inputs: {x: [3, 8, 8]}\nlayers: [max_pool2d: {kernel_size: 2, expect: [3, 4, 4]}]\n")
        == []
    )
    assert codes(
        "inputs: {x: [3, 8, 8]}\nlayers: [max_pool2d: {kernel_size: 2, expect: [3, 4, 5]}]\n"
    ) == ["E301"]


def test_symbolic_sizes_that_merge_become_conditions() -> None:
    layers = "  - concat: {a: [], b: y}\n"
    made = graph(layers, inputs="{x: [3, H, W], y: [2, S, S]}")
    assert [str(equality) for equality in made.equalities] == ["H = S", "W = S"]
    text = "inputs: {x: [3, H, W]}\nlayers: [concat: {a: [], b: [max_pool2d: 2]}]\n"
    assert codes(text) == ["E202"]


def test_all_faults_of_a_file_are_found_in_one_run() -> None:
    text = (
        "inputs: {x: [3, 8, 8]}\nlayers:\n"
        "  - concat: {a: [max_pool2d: 9], b: [conv: 1], c: [dropout: 2.0], d: [relu: {from: z}]}\n"
        "  - linear: {out_features: 0, from: x}\n"
        "expect: {parms: 1}\n"
    )
    assert sorted(codes(text)) == ["E101", "E103", "E103", "E105", "E106", "E203"]


@pytest.mark.parametrize(
    ("layer", "code"),
    [
        ("relu: {first: {}}", "E104"),
        ("add: {a: {name: x, layers: [relu]}, b: []}", "E101"),
        ("residual: {bodi: [relu]}", "E101"),
        ("add: {a: []}", "E104"),
        ("add: [x, y]", "E106"),
        ("relu: 3", "E104"),
        ("relu: {when: 1}", "E103"),
        ("relu: {repeat: -1}", "E103"),
        ("linear: {repeat: {out_features: [1, 2], bias: [true]}}", "E103"),
        ("auxiliary: {weight: 1}", "E102"),
        ("auxiliary: {weight: heavy, layers: [relu]}", "E103"),
        ("relu: {from: [x, x]}", "E201"),
        ("relu: {from: x.y}", "E106"),
        ("=1 + 1", "E108"),
        ("=act", "E112"),
    ],
)
def test_what_a_layer_cannot_say(layer: str, code: str) -> None:
    assert code in codes(f"inputs: {{x: [4]}}\nlayers:\n  - {layer}\n")


def test_one_fault_in_a_block_is_reported_once_however_often_it_is_used() -> None:
    text = (
        "inputs: {x: [3, 8, 8]}\nblocks: {b: {layers: [relu: {frm: x}]}}\n"
        "layers: [b: {repeat: 5}]\n"
    )
    assert codes(text) == ["E101"]


def test_a_layer_can_expect_symbolic_sizes() -> None:
    for wanted in ("[3, =in.features]", "[3, H//2]", "[3, H // 2]"):
        layers = f"  - max_pool1d: {{kernel_size: 2, expect: {wanted}}}\n"
        graph(layers, "{x: [3, H]}")
