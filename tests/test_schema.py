"""The JSON Schema of specs is current, explains every key, and accepts what is right."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml_core
from hypothesis import HealthCheck, given, note, settings
from jsonschema import Draft7Validator
from random_specs import RandomSpec, example_layer, random_specs
from schema_judgement import SCHEMA, explained, faults
from test_readme import FILES, HEAD, LANGUAGE, SPEC, TRAIN

from archspec import ops
from archspec.cli.schema import schema_text
from archspec.frontend import compile_spec, compile_text, loader
from archspec.frontend.shipped import shipped_specs
from archspec.frontend.topics import TOPICS
from archspec.frontend.tree import plain

ROOT = Path(__file__).parent.parent


def readings(text: str) -> list[Any]:
    """Returns a spec as archspec reads it, and as editors do."""
    return [plain(loader.parse(text, "spec.yaml", [])), yaml_core.read(text)]


def check_accepted(text: str) -> None:
    for reading in readings(text):
        assert faults(reading) == []


def test_it_is_a_json_schema() -> None:
    Draft7Validator.check_schema(SCHEMA)
    assert json.loads(schema_text()) == SCHEMA


def test_the_shipped_one_is_current() -> None:
    path = ROOT / "specs" / "archspec.schema.json"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(schema_text(), encoding="utf-8")
    shipped = path.read_text(encoding="utf-8")
    assert shipped == schema_text(), "write it with `archspec schema -o specs/archspec.schema.json`"


@pytest.mark.parametrize("name", shipped_specs())
def test_it_accepts_the_shipped_specs_which_name_it(name: str) -> None:
    path = shipped_specs()[name]
    text = path.read_text(encoding="utf-8")
    check_accepted(text)
    check_accepted(compile_spec(str(path)).resolved)
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
    assert named
    assert (path.parent / named[1]).is_file()


@pytest.mark.parametrize("name", ops.names())
def test_it_accepts_the_examples_of_every_operator(name: str) -> None:
    for example in ops.find(name).examples:
        layer, inputs = example_layer(name, example)
        spec = {"name": "net", "inputs": inputs, "layers": [layer]}
        assert faults(spec) == []
        if not ops.find(name).variadic:
            assert faults({**spec, "defaults": layer}) == []


@pytest.mark.parametrize("name", TOPICS)
def test_it_accepts_the_examples_of_every_topic(name: str, tmp_path: Path) -> None:
    topic = TOPICS[name]
    for file, text in {**topic.files, "spec.yaml": topic.example}.items():
        check_accepted(text)
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text, encoding="utf-8")
    # A spec in one piece holds the files that it is made of.
    check_accepted(compile_spec(str(tmp_path / "spec.yaml")).resolved)


@pytest.mark.parametrize("text", [SPEC, SPEC + TRAIN, LANGUAGE, FILES, HEAD])
def test_it_accepts_what_the_readme_shows(text: str) -> None:
    check_accepted(text)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(random_specs())
def test_it_accepts_what_the_compiler_accepts(spec: RandomSpec) -> None:
    note(repr(spec))
    compiled = compile_text(spec.text, "random.yaml", variant=spec.variant)
    check_accepted(spec.text)
    check_accepted(compiled.resolved)


UNUSUAL = """
name: net
inputs: {image: [3, H, 1_00], words: {shape: [T], dtype: int64}}
params: {n: 0x10, width: 1_000}
defaults: {own: {out: 3}, weight_init: {normal: 0.1}, conv2d: {kernel_size: =n, bias_init: zeros}}
blocks: {own: {params: {out: int, act: layer, rate: 1e-3}, layers: [linear: =out, =act: {}, =act]}}
layers:
  - relu:
  - relu: {}
  - relu: null
  - conv2d: 1_0
  - conv2d: 64.0
  - conv2d: {out_channels: 0x10, kernel_size: [=n, 3], padding: [1, =n], bias: =n > 1}
  - max_pool2d: [2, =n]
  - max_pool2d: "=[2, 2]"
  - dropout: 1e-1
  - batch_norm: {eps: 1_0e-3, momentum: 0.0_1}
  - adaptive_avg_pool2d: [null, 4]
  - adaptive_avg_pool2d: {output_size: 4, when: false, freeze: ["a*", b], expect: [=n, H, "2*W"]}
  - split: {parts: {left: =n, right: 1_6}, dim: 2}
  - own
  - own: [1, 2]
  - own: {out: {a: [1]}, anything: [], repeat: 3, first: {out: 2}, name: mine, max_norm: 3}
  - own: {out: 3, repeat: [{out: 3}, {out: =n}]}
  - =block
  - =block: {width: 3, repeat: {out: [1, 2], in: =n}, from: [a, b.c]}
  - add: [a, b.c]
  - add: {a: [], b: mine.out, c: {when: =n > 3, from: [a, b], layers: [relu]}, name: sum}
  - concat: {each: =n, path: [select: =maps], dim: -1, name: side}
  - subtract: {other: [linear: 3]}
  - matmul: {input: a, other: b}
  - residual: {body: [relu], shortcut: {when: false}, weight_init: =fill, repeat: 2}
  - auxiliary: [linear: 3]
  - auxiliary: {layers: [linear: 3], weight: =n / 4}
  - reuse: mine
  - reuse: {layer: mine, from: x, name: again}
  - use: ../other.yaml
  - use: {spec: resnet, variant: =n, until: stage4, params: {n: =n}, freeze: true}
  - group: {layers: [relu], when: =n, bias_l1: 1e-4, weight_init: {trunc_normal: {std: =n}}}
outputs: [a, b.c]
expect: {params: 25_557_032, macs: null, outputs: {a: [n, 3]}}
variants: {small: {n: [1, 2], extends: base, defaults: {own: {out: 1}}}, base: null}
"""


def test_it_accepts_every_way_to_write() -> None:
    check_accepted(UNUSUAL)


@pytest.mark.parametrize(
    "text",
    [
        "name: net\nextends: base.yaml\n",
        "name: net\nextends: {spec: base.yaml, variant: small}\ninclude: blocks.yaml\n",
        "blocks: {b: {layers: [relu]}}\n",
        "archspec: 1\nparams: {n: 1}\ninclude: [a.yaml]\nblocks: {b: {layers: [], inputs: [x]}}\n",
    ],
)
def test_it_accepts_parts_of_specs_and_libraries(text: str) -> None:
    check_accepted(text)


def test_every_key_is_explained() -> None:
    """What a spec can say at the top, in `train` and in every layer is shown with its meaning."""
    definitions = SCHEMA["definitions"]
    sections = [definitions[name] for name in ("spec", "library", "block", "keys_of_every_layer")]
    train = definitions["spec"]["properties"]["train"]
    sections += [train, *train["properties"].values()]
    for call in definitions["layer"]["properties"].values():
        sections += call["allOf"]
    for section in sections:
        for key, schema in section.get("properties", {}).items():
            assert explained(schema), key
