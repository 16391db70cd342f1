"""Corners of the language where two rules meet: each of these once went wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from test_language import codes, graph, shapes, wires

from archspec.backends.torch import build
from archspec.ir.graph import Graph
from archspec.ir.totals import totals

ROOT = Path(__file__).parent.parent


def paths(made: Graph) -> list[str]:
    return [node.path for node in made.nodes]


def built_params(made: Graph) -> int:
    return sum(parameter.numel() for parameter in build(made).parameters())


UNIQUE = [
    # A block with the name that a second unnamed call of another one gets.
    (
        "blocks: {c: {layers: [linear: 5]}, c_2: {layers: [linear: 7]}}\n",
        "  - c\n  - c\n  - c_2\n",
    ),
    # A merge inside a named merge of its kind, and a path with the leaf's name.
    ("", "  - residual: {name: r, body: [relu, add: {a: [relu], b: []}]}\n"),
    ("", "  - residual: {repeat: 2, body: [residual: [relu], relu]}\n"),
    # Layers that fill an input, in a repeat and twice beside each other.
    (
        "blocks: {b: {inputs: [p, q], layers: [add: [p, q]]}}\n",
        "  - b: {repeat: 2, q: [linear: 4]}\n  - b: {name: v, q: [linear: 4]}\n",
    ),
    ("", "  - relu: {name: a, input: [linear: 4], repeat: 2}\n"),
]


@pytest.mark.parametrize(("blocks", "layers"), UNIQUE)
def test_every_node_has_a_path_and_weights_of_its_own(blocks: str, layers: str) -> None:
    made = graph(layers, inputs="{x: [4]}", more=blocks)
    assert len(set(paths(made))) == len(made.nodes)
    scopes = {path.rpartition(".")[0] for path in paths(made)}
    assert not scopes & set(paths(made))
    assert built_params(made) == totals(made).params


def test_a_path_that_would_be_scope_and_leaf_is_refused() -> None:
    text = "inputs: {x: [4]}\nlayers:\n  - concat: {name: y, concat: [relu], b: []}\n"
    assert codes(text) == ["E109"]


HEADS = [
    "layers:\n  - auxiliary: {name: h, layers: [relu]}\n  - tanh: {from: h}\n",
    "layers:\n  - relu\n  - auxiliary: {name: h, layers: [tanh]}\noutputs: {o: h}\n",
    (
        "blocks: {b: {layers: [auxiliary: {name: h, layers: [relu]}], outputs: {o: h}}}\n"
        "layers:\n  - b\n  - tanh\n"
    ),
]


@pytest.mark.parametrize("text", HEADS)
def test_inference_cannot_depend_on_a_head(text: str) -> None:
    assert codes(f"inputs: {{x: [4]}}\n{text}") == ["E201"]


def test_a_head_and_an_output_cannot_share_a_name() -> None:
    layers = "layers:\n  - relu: {name: a}\n  - auxiliary: {name: h, layers: [tanh]}\n"
    assert codes(f"inputs: {{x: [4]}}\n{layers}outputs: {{h: a}}\n") == ["E109"]


def test_a_shortcut_that_is_left_out_leaves_the_body_alone() -> None:
    layers = "  - residual: {body: [linear: 3], shortcut: {when: =false, layers: [linear: 3]}}\n"
    assert wires(graph(layers, inputs="{x: [4]}")) == {"linear": ["x"]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("blocks: {train: {layers: [relu]}}\nlayers: [train]\n", ["E108"]),
        ("params: {half: relu}\nlayers: [=half]\n", ["E108"]),
        ("params: {in: 3}\nlayers: [relu]\n", ["E108"]),
        ("blocks: {b: {inputs: [repeat], layers: [relu]}}\nlayers: [b]\n", ["E108"]),
        ("blocks: {b: {layers: [relu], outputs: {}}}\nlayers: [b]\n", ["E102"]),
        ("blocks: {b: {inputs: [], layers: [residual: [relu]]}}\nlayers: [b]\n", ["E103"]),
        ("layers: [relu]\noutputs: []\n", ["E102"]),
        ("layers: [residual: {repeat: [{w: 8}], body: [relu]}]\n", ["E107"]),
        ("layers: [residual: {repeat: 2, first: {w: 3}, body: [relu]}]\n", ["E107"]),
        ("layers: [add: {a: {when: =false, from: x}, b: {when: =false, from: x}}]\n", ["E201"]),
        ("params: {m: add}\nlayers: [=m: {name: q, a: [relu], b: []}]\n", ["E105"]),
        ("defaults: {nosuch: {a: 1}}\nlayers: [relu]\n", ["E105"]),
        ("defaults: {conv2d: {nosuch: 1}}\nlayers: [relu]\n", ["E101"]),
        ("params: {b: =nosuch}\nlayers: [linear: =b, linear: =b, linear: =b + 1]\n", ["E112"]),
        ("params: {a: 1}\nlayers: [relu]\nvariants: {v: {a: =1 +}}\n", ["E112"]),
        ("layers: [relu]\nvariants: {v: {expect: {parms: 1}}}\n", ["E101"]),
        ("layers: [relu]\nvariants: {v: {defaults: 3}}\n", ["E103"]),
        ("layers: {relu: 3}\n", ["E103"]),
        ("layers: [[relu], max_pool2d: 2]\n", ["E104"]),
        ('title: "a\\u0001b"\nlayers: [relu]\n', ["E103"]),
        ("layers: [linear: 10_000_000_000]\n", ["E103"]),
        ("layers: [linear: 0x" + "f" * 6000 + "]\n", ["E103"]),
    ],
)  # fmt: skip
def test_what_is_refused_with_one_fault(text: str, expected: list[str]) -> None:
    assert codes(f"inputs: {{x: [4]}}\n{text}") == expected


def test_an_input_called_output_needs_a_named_output() -> None:
    assert codes("inputs: {output: [4]}\nlayers: [relu]\n") == ["E109"]
    assert codes("inputs: {output: [4]}\nlayers: [relu]\noutputs: {y: relu}\n") == []


def test_outputs_of_one_name_are_refused() -> None:
    blocks = "blocks: {b: {layers: [relu: {name: r}], outputs: {z: r}}}\n"
    text = f"inputs: {{x: [4]}}\n{blocks}layers: [b: {{name: m}}, b: {{name: n}}]\n"
    assert codes(f"{text}outputs: [m.z, n.z]\n") == ["E109"]


def test_index_is_known_in_every_repeat() -> None:
    layers = (
        "  - concat: {name: c, repeat: 2, a: [linear: =8 * (index + 1)], b: []}\n"
        "  - auxiliary: {name: h, repeat: 2, layers: [linear: =index + 1]}\n"
    )
    made = shapes(graph(layers, inputs="{x: [4]}"))
    assert [made["c.0.a.linear"], made["c.1.a.linear"]] == ["8", "16"]
    assert [made["h.0.linear"], made["h.1.linear"]] == ["1", "2"]


def test_a_block_called_by_a_parameter_takes_inputs_by_keyword() -> None:
    blocks = "params: {k: b}\nblocks: {b: {inputs: [p, q], layers: [add: [p, q]]}}\n"
    made = graph("  - relu: {name: r}\n  - =k: {q: x}\n", inputs="{x: [4]}", more=blocks)
    assert wires(made)["k.add"] == ["r", "x"]


def test_a_skipped_block_keeps_the_names_of_its_outputs() -> None:
    blocks = "blocks: {b: {inputs: [p, q], layers: [add: [p, q]], outputs: {o: add, z: q}}}\n"
    layers = "  - relu: {name: r}\n  - b: {from: [r, x], when: =false}\n  - tanh: {from: b.z}\n"
    assert wires(graph(layers, inputs="{x: [4]}", more=blocks))["tanh"] == ["x"]


def test_whole_floats_are_integers_everywhere() -> None:
    assert codes("inputs: {x: [4.0]}\nlayers: [linear: 1e1]\nexpect: {params: 50.0}\n") == []


def test_lines_end_where_yaml_ends_them() -> None:
    text = 'title: "a\u2028b"\rinputs: {x: [4]}\rlayers:\r  - rellu\r'
    assert codes(text) == ["E105"]
    assert codes("inputs: {1: [3]}\rlayers: [relu]\r") == ["E108"]


BOMBS = {
    "doubling": "blocks:\n  b0: {layers: []}\n"
    + "".join(f"  b{i + 1}: {{layers: [b{i}, b{i}]}}\n" for i in range(40))
    + "layers: [b40]\n",
    "doubling nodes": "blocks:\n  b0: {layers: [relu]}\n"
    + "".join(f"  b{i + 1}: {{layers: [b{i}, b{i}]}}\n" for i in range(40))
    + "layers: [b40]\n",
    "repeats": "blocks: {e: {layers: []}, f: {layers: [e: {repeat: 20000}]}}\n"
    "layers: [f: {repeat: 20000}]\n",
    "brackets": "layers: " + "[" * 2_000_000,
    "sizes": "layers:\n"
    + "".join(
        "  - concat: {dim: 2, a: [max_pool2d: {kernel_size: 3, stride: "
        f"[{2 + i % 2}, 1], padding: 1}}], b: [], name: c{i}}}\n"
        for i in range(20)
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused(name: str) -> None:
    inputs = "{x: [3, H, 12]}" if name == "sizes" else "{x: [4]}"
    assert "E008" in codes(f"inputs: {inputs}\n{BOMBS[name]}")


def run(command: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command.replace("archspec", f"{sys.executable} -m archspec"),
        shell=True,
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
        errors="replace",
    )


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("archspec check lenet5 > /dev/full", 3),
        ("archspec list > /dev/full", 3),
        ("archspec check tests/invalid/merge.yaml 2> /dev/full", 3),
        ("archspec draw tests/invalid/merge.yaml 2> /dev/full", 3),
        ("archspec check lenet5 --ignore E105 2> /dev/full", 3),
        ("archspec check lenet5 >&-", 0),
        ("archspec check tests/invalid/merge.yaml >&-", 1),
        ("archspec check tests/invalid/merge.yaml 2>&-", 1),
        ("archspec check /dev/zero", 1),
        ("archspec check /dev/null", 1),
        (f"archspec check {'x' * 5000}", 3),
        ("archspec check lenet5 --set $'a=\\xff'", 2),
    ],
)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_awkward_streams_and_arguments(command: str, code: int) -> None:
    done = run(command)
    assert done.returncode == code
    assert "internal error" not in done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_poor_encoding_is_enough(encoding: str) -> None:
    done = run("archspec check lenet5", PYTHONIOENCODING=encoding)
    assert done.returncode == 0
    assert "61,706" in done.stdout


def test_a_built_network_runs_in_both_modes() -> None:
    layers = (
        "  - linear: {name: a, out_features: 3}\n  - auxiliary: {name: h, layers: [linear: 3]}\n"
    )
    network = build(graph(layers, inputs="{x: [4]}"))
    assert set(network.train()(torch.zeros(2, 4))) == {"output", "h"}
    assert network.eval()(torch.zeros(2, 4)).shape == (2, 3)


def test_a_thousand_values_are_merged() -> None:
    rows = ", ".join(["0"] * 1000)
    network = build(graph(f"  - add: {{each: {{p: [{rows}]}}, path: []}}\n", inputs="{x: [4]}"))
    assert network(torch.ones(2, 4)).tolist() == [[1000.0] * 4] * 2
