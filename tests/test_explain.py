"""`archspec explain`: everything has a page, and every page is true."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import yaml
from pydantic import Field, create_model

from archspec import ops
from archspec.cli import COMMANDS
from archspec.cli.common import CommandError
from archspec.cli.explain import explanation
from archspec.cli.pages import index_page
from archspec.cli.pages.fields import type_text
from archspec.diagnostics.codes import CODES
from archspec.frontend import compile_spec, compile_text
from archspec.frontend.arguments import TYPES
from archspec.frontend.blocks import WORDS
from archspec.frontend.examples import example_graph, input_names, layer_line
from archspec.frontend.formula.attributes import SIZES
from archspec.frontend.formula.functions import FUNCTIONS
from archspec.frontend.layer import CONSTRUCTS, RESERVED
from archspec.frontend.library_schema import Library
from archspec.frontend.link import MERGED
from archspec.frontend.schema import ArchSpec, Block, Expect, Input, Variant
from archspec.frontend.topics import TOPICS, find
from archspec.frontend.train_schema import TrainSpec
from archspec.frontend.treatments import FILLS, KEYS
from archspec.ir.op import LARGEST, NonNegative, Positive
from archspec.ir.totals import totals

WIDTH = 100

SECTIONS = (ArchSpec, Block, Variant, Expect, Input, Library, TrainSpec)

LANGUAGE = {
    *RESERVED,
    *CONSTRUCTS,
    *(key for keys in CONSTRUCTS.values() for key in keys),
    *("each", "path", "from", "layers"),
    *(name for section in SECTIONS for name in section.model_fields),
    *KEYS,
    *FILLS,
    *FUNCTIONS,
    *SIZES,
    *WORDS,
    *TYPES,
    *MERGED,
    *("+", "-", "*", "/", "//", "%", "==", "!=", "<", "<=", ">", ">=", "="),
}
"""Every word that the language gives a meaning."""

each_operator = pytest.mark.parametrize("name", ops.names())


@each_operator
def test_every_operator_has_a_page(name: str) -> None:
    op, page = ops.find(name), explanation(name)
    assert page.startswith(f"{name}: ")
    for field in op.model_fields:
        assert re.search(rf"^  {field}: .*(required|optional|default)", page, re.M | re.S)
    for heading in ("takes and makes", "example", "PyTorch", "ONNX"):
        assert f"\n{heading}\n  " in page
    assert all(keras in page for keras in op.keras_names)
    assert max(map(len, page.splitlines())) <= WIDTH
    assert "\u00a0" not in page


@each_operator
def test_the_example_of_its_page_is_a_layer_with_that_shape_and_cost(name: str) -> None:
    op = ops.find(name)
    example, page = op.examples[0], explanation(name)
    (line,) = re.findall(r"^example\n  (- .*)$", page, re.M)
    inputs = {
        name: {"shape": list(shape), "dtype": example.dtype}
        for name, shape in zip(input_names(op, example), example.inputs, strict=True)
    }
    text = f"name: a\nlayers:\n  {line}\n{yaml.safe_dump({'inputs': inputs})}"
    compiled = compile_text(text, "a.yaml")
    assert not compiled.diagnostics
    sums = totals(compiled.graph)
    assert f" → {next(iter(compiled.graph.outputs.values())).type}" in page or "left " in page
    assert (f"{sums.params:,} parameters" if sums.params else "no parameters") in page
    if sums.macs != 0:
        macs = f"{sums.macs:,}" if isinstance(sums.macs, int) else str(sums.macs)
        assert f"{macs} multiply-adds" in page


@each_operator
def test_every_example_is_written_as_a_layer(name: str) -> None:
    op = ops.find(name)
    for example in op.examples:
        inputs = {
            name: {"shape": list(shape), "dtype": example.dtype}
            for name, shape in zip(input_names(op, example), example.inputs, strict=True)
        }
        line = layer_line(op, example)
        text = f"name: a\nlayers:\n  {line}\n{yaml.safe_dump({'inputs': inputs})}"
        made = compile_text(text, "a.yaml").graph.nodes
        assert [node.op for node in made] == [node.op for node in example_graph(op, example).nodes]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("conv2d", ["torch.nn.Conv2d(in_channels=1, out_channels=6,", "Conv(input, weight, bias;"]),
        ("conv2d", ["1×32×32 → 6×28×28; 156 parameters, 117,600 multiply-adds"]),
        ("conv2d", ["Conv2D, where out_channels is filters, stride is strides,"]),
        ("conv2d", ["out_channels: a whole number from 1; required; short form `- conv2d: …`"]),
        ("concat", ["torch.cat((a, b), dim=1)", "Concat(a, b; axis=1)", "two or more paths →"]),
        ("dropout", ["nothing: inference has none of it", "p: a number from 0 to 1; default 0.5"]),
        ("batch_norm", ["6 parameters, 6 statistics", "running_mean [3]"]),
        (
            "squeeze_excitation",
            ["relu, of fc1", "fc1: torch.nn.Conv2d(", "scale = Mul(gate, input)"],
        ),
        ("split", ["input → outputs as named, such as left and right"]),
        ("silu", ["gate = Sigmoid(input)", "output = Mul(input, gate)"]),
    ],
)
def test_pages_show(name: str, lines: list[str]) -> None:
    page = explanation(name)
    assert all(line in page for line in lines)


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (Positive, "a whole number from 1"),
        (Positive | None, "a whole number from 1 or null"),
        (NonNegative | tuple[NonNegative, NonNegative],
         "a whole number from 0, or a list of 2 of them"),
        (Literal["same"] | Positive | tuple[Positive, ...],
         "`same`, or a whole number from 1, or a list of them"),
        (tuple[Positive | tuple[Positive, Positive], ...],
         "a list of whole numbers from 1 or lists of 2 of them"),
        (Annotated[float, Field(gt=0, lt=1)], "a number above 0 below 1"),
        (Annotated[int, Field(ge=-LARGEST, le=LARGEST)], "a whole number"),
        (Literal[1, 2, 3], "1, 2 or 3"),
        (dict[str, bool], "a mapping of texts to booleans"),
    ],
)  # fmt: skip
def test_types_are_said_as_people_say_them(annotation: Any, text: str) -> None:  # noqa: ANN401
    model = create_model("Model", field=(annotation, ...))
    assert type_text(model.model_fields["field"]) == text


@pytest.mark.parametrize("name", TOPICS)
def test_every_topic_has_a_page_with_an_example_that_compiles(name: str, tmp_path: Path) -> None:
    topic, page = TOPICS[name], explanation(name)
    assert page.startswith(f"{name}: {topic.title}\n")
    assert max(map(len, page.splitlines())) <= WIDTH
    assert all(
        re.search(rf"^ +{re.escape(row)}\b", page, re.M) for t in topic.tables.values() for row in t
    )
    for file, text in {**topic.files, "spec.yaml": topic.example}.items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    path = str(tmp_path / "spec.yaml")
    compiled = compile_spec(path)
    assert not compiled.diagnostics
    for variant in compiled.variants:
        assert not compile_spec(path, variant=variant).diagnostics


@pytest.mark.parametrize("word", sorted(LANGUAGE))
def test_every_word_of_the_language_is_explained(word: str) -> None:
    names = find(word)
    assert names
    assert explanation(word)
    topic = TOPICS[names[0]]
    said = " ".join([names[0], topic.title, topic.text, topic.example, *topic.explained()])
    assert word in said


@pytest.mark.parametrize(
    ("word", "topic"),
    [
        ("when", "when"), ("from", "from"), ("weight_init", "initialisers"), ("name", "names"),
        ("he_normal", "initialisers"), ("weight_l2", "regularisers"), ("max_norm", "regularisers"),
        ("include", "files"), ("extends", "extends"), ("until", "use"), ("each", "merges"),
        ("shortcut", "residual"), ("first", "repeat"), ("divisible", "formulas"),
        ("channels", "formulas"), ("epochs", "train"), ("dtype", "inputs"), ("title", "spec"),
    ],
)  # fmt: skip
def test_a_word_leads_to_its_topic(word: str, topic: str) -> None:
    assert find(word)[0] == topic


def test_every_field_is_explained_with_the_operators_that_have_it() -> None:
    users = [(name, field) for name in ops.names() for field in ops.find(name).model_fields]
    for field in {field for _, field in users}:
        page = explanation(field)
        if field not in ops.names():
            for name in (name for name, used in users if used == field):
                assert re.search(rf"\b{name}\b", page), (name, field)


@pytest.mark.parametrize(
    ("word", "start"),
    [
        ("Dense", "Dense: Keras calls it so; here it is `linear`\n\nlinear: "),
        ("BatchNorm2d", "BatchNorm2d: torch calls it so; here it is `batch_norm`\n\nbatch_norm: "),
        ("fc", "fc: here it is `linear`\n\nlinear: "),
        ("kernel_initializer", "kernel_initializer: here it is `weight_init`\n\ninitialisers: "),
        ("filters", "filters: here it is `out_channels`\n\nout_channels: a field of operators"),
        ("trainable", "freeze: "),
        ("input_shape", "input_shape: leave it out"),
        ("e202", "E202: paths of unequal sizes"),
        ("compile", "train: "),
        ("fit", "train: "),
        ("validation_split", "validation_split: here it is `validation`\n\nvalidation: "),
        ("ImageFolder", "ImageFolder: here it is `folder`\n\nfolder: a key of `data`\n\ndata\n"),
        ("DataLoader", "DataLoader: its arguments are `batch_size` of `train`"),
        ("imbalance", "imbalance: here it is `class_weights`\n\nclass_weights: a key of `data`"),
        ("roc", "roc: write `metrics: [auc]`"),
        ("checkpoint", "checkpoint: every run keeps its best epoch"),
        ("resume", "resume: `archspec train --resume RUN`"),
        ("multi-label", "targets: what is predicted"),
        ("multi_label", "targets: what is predicted"),
        ("regression", "targets: what is predicted"),
        ("include_top", "include_top: cut the network with `use: {"),
        ("pretrained", "pretrained: no trained weights come with archspec"),
        ("in.channels", "formulas: "),
        ("stem.height", "formulas: "),
    ],
)
def test_words_of_other_libraries_are_explained(word: str, start: str) -> None:
    assert explanation(word).startswith(start)


@pytest.mark.parametrize(
    ("word", "head", "places"),
    [
        ("metrics", "a key of `train`", ["train\n  metrics: what is measured"]),
        ("classes", "a key of `data`", ["data\n  classes: the names of the classes"]),
        ("auc", "a word that keys take", ["train\n  metrics: what is measured"]),
        ("folds", "a key of `splits`", ["splits\n  folds: ", "`folds`, what is not test"]),
        ("early_stopping", "a key of `train`", ["train\n  early_stopping: ", "      patience: "]),
        (
            "patience",
            "a key of `train`, `schedule`",
            ["train\n  early_stopping.patience: ", "schedule\n  plateau.patience: "],
        ),
    ],
)
def test_a_key_of_a_section_is_explained_by_itself(word: str, head: str, places: list[str]) -> None:
    page = explanation(word)
    assert page.startswith(f"{word}: {head}\n\n")
    assert all(place in page for place in places)
    assert "For example" not in page
    assert "All keys, with examples: `archspec explain " in page


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_explained(name: str) -> None:
    page = explanation(name)
    assert f"`archspec {name} --help` says how" in " ".join(page.split())


@pytest.mark.parametrize("name", CODES)
def test_every_code_has_a_page_with_a_fault_and_its_remedy(name: str) -> None:
    code, page = CODES[name], explanation(name)
    assert page.startswith(f"{name}: {code.title}\n\n")
    assert max(map(len, page.splitlines())) <= WIDTH
    _, *shown = re.split(r"\n\n(?:For example|Mended):\n\n", page)
    expected = [code.example.replace("\x01", "\\x01"), code.mended] if code.example else []
    assert [f"{textwrap.dedent(text)}\n" for text in shown] == expected


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("E104", ["- operator: {field: value}"]),
        ("E106", ["scope", "`inputs`", "`outputs`", "stem.conv"]),
        ("E109", ["only good for a reference while", "inserted"]),
        ("E202", ["`shortcut`", "`padding: same`", "`crop_like`", "`upsample_like`"]),
        ("E203", ["channels are first", "least input"]),
    ],
)
def test_the_text_of_a_code_teaches_what_to_do(code: str, words: list[str]) -> None:
    page = " ".join(explanation(code).split())
    assert all(word in page for word in words)


def test_the_list_has_all_operators_and_topics_once() -> None:
    page = index_page()
    for name in (*ops.names(), *TOPICS):
        assert re.search(rf"(?m)(^  |[ :,]){name}(,|$|  )", page), name
    (operators,) = re.findall(r"(?ms)^operators\n(.*?)\n\n", page)
    listed = re.sub(r"(?m)^  [a-z, ]+: ", "", operators).replace(",", " ").split()
    assert sorted(listed) == sorted(ops.names())
    assert max(map(len, page.splitlines())) <= WIDTH


@pytest.mark.parametrize(
    ("word", "field", "users"),
    [
        ("same", "padding", {"conv2d", "avg_pool1d"}),
        ("sobel_x", "kernel", {"filter2d"}),
        ("reflect", "padding_mode", {"conv2d", "filter2d"}),
    ],
)
def test_a_word_that_fields_take_leads_to_them(word: str, field: str, users: set[str]) -> None:
    page = explanation(word)
    assert page.startswith(f"{word}: a word that fields take\n\n{field}: a field of operators\n")
    listed = {*page.replace(",", " ").split()}
    assert users <= listed
    assert "max_unpool2d" not in listed
    assert "upsample" not in listed


@pytest.mark.parametrize("word", ["qqqq", "Masking", "zzz.yyy"])
def test_nothing_is_known_or_guessed_of_what_there_is_not(word: str) -> None:
    with pytest.raises(CommandError, match=f"nothing is known about `{word}`") as caught:
        explanation(word)
    assert caught.value.help == "`archspec explain` lists what can be explained"


@pytest.mark.parametrize("word", ["resnet", "resnet18"])
def test_a_shipped_spec_is_not_explained_but_known(word: str) -> None:
    with pytest.raises(CommandError) as caught:
        explanation(word)
    assert caught.value.help.endswith(f"`archspec check {word}`")


def test_a_shortcut_whose_condition_is_false_leaves_the_body_alone() -> None:
    text = TOPICS["residual"].example
    nodes = compile_text(text, "a.yaml").graph.nodes
    assert [node.op.kind() for node in nodes].count("add") == 2
    widened = text.replace("out_channels: 32", "out_channels: 64")
    nodes = compile_text(widened, "a.yaml").graph.nodes
    assert [node.op.kind() for node in nodes].count("add") == 3


def test_explain_leaves_heavy_libraries_out() -> None:
    code = (
        "import sys\nfrom archspec.cli import main\n"
        "for word in ('conv2d', 'Dense', 'kernel_size', 'train'): main(['explain', word])\n"
        "print([m for m in ('torch', 'onnx', 'onnxruntime', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
