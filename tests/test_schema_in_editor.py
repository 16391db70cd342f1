"""The JSON Schema in yaml-language-server, which VS Code and Neovim run: what users see."""

from __future__ import annotations

import itertools
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from language_server import LanguageServer, find_server, language_server

from archspec.cli.schema import schema_text
from archspec.frontend.shipped import shipped_specs

COMMAND = find_server()
pytestmark = pytest.mark.skipif(
    COMMAND is None, reason="yaml-language-server is not installed: tools/setup.sh does, with npm"
)
NUMBERS = itertools.count()
COMMENT = "# yaml-language-server: $schema=archspec.schema.json\n"
BLOCKS = "blocks: {own: {layers: [relu]}}\n"
MISNAMED = "no operator has this name (`archspec explain` lists them), and the file has no blocks"
HEAD = f"{COMMENT}name: net\ninputs: {{image: [3, 32, 32]}}\nlayers:\n"


class Seen(NamedTuple):
    """A document as an editor shows it.

    Attributes:
        path: Where it would be.
        underlined: The text that is underlined, with the message.
        line: The line of the cursor, from 0.
        character: Its column, from 0.
    """

    path: Path
    underlined: list[tuple[str, str]]
    line: int
    character: int


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("specs")
    (folder / "archspec.schema.json").write_text(schema_text(), encoding="utf-8")
    for path in shipped_specs().values():
        shutil.copy(path, folder)
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[LanguageServer]:
    assert COMMAND
    with language_server(COMMAND, folder) as server:
        yield server


Show = Callable[[str], Seen]


@pytest.fixture
def show(server: LanguageServer, folder: Path) -> Show:
    """Opens a text in which `|` is the cursor."""

    def opened(text: str) -> Seen:
        before, _, after = text.partition("|")
        clean = before + after
        path = folder / f"shown_{next(NUMBERS)}.yaml"
        found = server.open(path, clean)
        underlined = [(_part(clean, each["range"]), each["message"]) for each in found]
        return Seen(path, underlined, before.count("\n"), len(before) - before.rfind("\n") - 1)

    return opened


def _part(text: str, range_: dict[str, Any]) -> str:
    """Returns the text of a range, as far as it is on one line."""
    start, end = range_["start"], range_["end"]
    line: str = text.splitlines()[start["line"]]
    stop: int = end["character"] if end["line"] == start["line"] else len(line)
    return line[start["character"] : stop]


def offered(server: LanguageServer, seen: Seen) -> dict[str, str]:
    """Returns what is offered at the cursor, with what is written if it is taken."""
    answer = server.at("completion", seen.path, seen.line, seen.character)
    return {item["label"]: item["insertText"] for item in answer["items"]}


def hover(server: LanguageServer, seen: Seen) -> str:
    """Returns what is shown at the cursor."""
    answer = server.at("hover", seen.path, seen.line, seen.character)
    return str(answer["contents"]["value"])


@pytest.mark.parametrize("name", shipped_specs())
def test_nothing_is_underlined_in_a_shipped_spec(
    server: LanguageServer, folder: Path, name: str
) -> None:
    path = folder / f"{name}.yaml"
    assert server.open(path, path.read_text(encoding="utf-8")) == []


def test_a_spec_without_the_comment_is_not_judged(show: Show) -> None:
    assert show("layer: []\n").underlined == []


def test_the_settings_that_the_readme_shows_do_without_the_comment(tmp_path: Path) -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```json\n(.*?)```", readme, re.DOTALL)
    (tmp_path / "archspec.schema.json").write_text(schema_text(), encoding="utf-8")
    assert COMMAND
    with language_server(COMMAND, tmp_path, json.loads(shown)["yaml.schemas"]) as server:
        (fault,) = server.open(tmp_path / "specs" / "net.yaml", "name: net\nextends: a\nmodel: b\n")
        assert fault["message"] == "Property model is not allowed."
        assert server.open(tmp_path / "other.yaml", "model: b\n") == []


@pytest.mark.parametrize(
    ("layer", "underlined", "message"),
    [
        ("conv2d: {kernal_size: 3}", "kernal_size", "Property kernal_size is not allowed."),
        ("conv2d:\n      kernal_size: 3", "kernal_size", "Property kernal_size is not allowed."),
        ("conv2d: {padding: some}", "some",
         "must be `same`, `valid`, a whole number, a list or a formula (`=…`)"),
        ("linear: ten", "ten", "must be a whole number or a formula (`=…`)"),
        ("linear: {out_features: 0}", "0", "Value is below the exclusive minimum of 0."),
        ("add: {a: [relu: {nmae: b}], b: []}", "nmae", "Property nmae is not allowed."),
        ("residual: {layers: [relu], body: []}", "layers", "Property layers is not allowed."),
        ("own: {from: 3}", "3", "must be the name of a layer or an input, or a list of names"),
        ("own: {when: yes}", "yes", "must be true or false or a formula (`=…`)"),
        ("max pool: 2", "max pool",
         "must be the name of an operator or block, or a formula (`=…`)"),
    ],
)  # fmt: skip
def test_a_mistake_is_underlined_in_its_place(
    show: Show, layer: str, underlined: str, message: str
) -> None:
    text = f"{HEAD}  - relu\n  - {layer}\n{BLOCKS}"
    assert show(text).underlined == [(underlined, message)]


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        ("rellu", "rellu"),
        ("conv2: 3", "conv2"),
        ("Conv2D: {out_channels: 3, kernel_size: 3}", "Conv2D"),
        ("Dense:\n      units: 3", "Dense"),
        ("residual: [relu, rellu]", "rellu"),
        ("concat: {a: [relu: {name: b}, tannh: {name: c}], b: []}", "tannh"),
        ("auxiliary: {name: a, layers: [group: [rellu: {}]]}", "rellu"),
    ],
)
def test_a_misspelt_operator_is_underlined_where_it_can_be_no_block(
    show: Show, layer: str, name: str
) -> None:
    text = f"{HEAD}  - relu\n  - {layer}\n"
    assert show(text).underlined == [(name, MISNAMED)]
    assert show(f"{text}{BLOCKS}").underlined == []
    assert show(f"{text}include: [own.yaml]\n").underlined == []


def test_a_misspelt_section_is_underlined(show: Show) -> None:
    seen = show(
        f"{HEAD}  - relu\ntrain: {{data: {{dataset: iris}}, epoch: 3, epochs: 3}}\nmodel: []\n"
    )
    assert sorted(part for part, _ in seen.underlined) == ["epoch", "model"]


@pytest.mark.parametrize(
    "written", ["conv2d: {k|}", "conv2d:\n      |", "conv2d: {bias: true, k|}"]
)
def test_fields_are_offered_inside_a_layer(
    server: LanguageServer, show: Show, written: str
) -> None:
    words = offered(server, show(f"{HEAD}  - {written}\n"))
    assert {"kernel_size", "out_channels", "padding_mode", "name", "weight_init"} <= {*words}
    assert words["stride"] == "stride: ${1:1}"
    assert "out_features" not in words
    # Those of this operator come first, and what it needs before all.
    assert [*words][:2] == ["out_channels", "kernel_size"]
    assert [*words].index("padding_mode") < [*words].index("name")
    assert [*offered(server, show(f"{HEAD}  - {written}\n{BLOCKS}"))] == [*words]


def test_nothing_is_offered_between_empty_braces_as_the_readme_says(
    server: LanguageServer, show: Show
) -> None:
    assert offered(server, show(f"{HEAD}  - conv2d: {{|}}\n")) == {}


def test_operators_and_constructs_are_offered_as_layers(server: LanguageServer, show: Show) -> None:
    for written in ("- |", "- conv|", "- relu\n  - |\n  - relu"):
        words = offered(server, show(f"{HEAD}  {written}\n"))
        assert words["conv2d"] == "conv2d: {out_channels: $1, kernel_size: $2}"
        assert words["relu"] == "relu"
        assert words["linear"] == "linear: "
        assert words["add"] == "add: [$1, $2]"
        assert words["residual"] == "residual: [$1]"
        assert not {"name", "kernel_size", "layers"} & {*words}
        assert offered(server, show(f"{HEAD}  {written}\n{BLOCKS}")) == words


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("layers:\n  - conv2d: {padding: |}", {"same", "valid", "0"}),
        ("layers:\n  - conv2d: {bias: |}", {"true", "false"}),
        ("layers:\n  - grayscale: {num_output_channels: |}", {"1", "3"}),
        ("train:\n  optimizer: |", {"adam", "adamw", "sgd"}),
        ("train:\n  data:\n    dataset: |", {"breast_cancer", "digits", "iris", "wine"}),
    ],
)
def test_values_are_offered(
    server: LanguageServer, show: Show, written: str, words: set[str]
) -> None:
    assert words <= {*offered(server, show(f"{COMMENT}name: net\n{written}\n"))}


def test_sections_are_offered(server: LanguageServer, show: Show) -> None:
    at_the_top = offered(server, show(f"{COMMENT}name: net\n|\n"))
    assert {"inputs", "blocks", "layers", "variants", "train"} <= {*at_the_top}
    in_train = offered(server, show(f"{HEAD}  - relu\ntrain:\n  |\n"))
    assert {"data", "loss", "optimizer", "epochs"} <= {*in_train}


@pytest.mark.parametrize(
    ("layer", "texts"),
    [
        ("con|v2d: {out_channels: 3}",
         ["Convolves an image", "floor((H + 2*padding", "In Keras: Conv2D"]),
        ("re|lu", ["Computes `max(0, x)`", "In Keras: ReLU"]),
        ("conv2d: {strid|e: 2}", ["step between two positions of the kernel (default 1)"]),
        ("conv2d: {rep|eat: 2}", ["`repeat` takes a number, a list of rows, or columns"]),
        ("resi|dual: [relu]", ["adds what flows in to what the layers make"]),
    ],
)  # fmt: skip
def test_a_word_is_explained(
    server: LanguageServer, show: Show, layer: str, texts: list[str]
) -> None:
    shown = hover(server, show(f"{HEAD}  - {layer}\n"))
    for text in texts:
        assert text in shown
