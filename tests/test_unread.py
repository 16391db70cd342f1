"""Parameters that nothing reads and blocks that nothing calls are warned about."""

import re
from pathlib import Path

import pytest

from archspec.frontend.compiler import analyse_spec, analyse_text
from archspec.frontend.shipped import shipped_specs

HEAD = "name: a\ninputs: {image: [3, 8, 8]}\n"


WANTED = re.compile(r"# (W\d+)")

CASES = {
    "a parameter": """
params: {classes: 10} # W101
layers: [flatten, linear: 10]
""",
    "a parameter that is read": """
params: {classes: 10}
layers: [flatten, linear: =2 * classes]
""",
    "a part of a longer word": """
params:
  n: 1 # W101
  nn: 2
layers: [flatten, linear: =nn]
""",
    "a parameter that another reads": """
params: {n: 1, m: =n}
layers: [flatten, linear: =m]
""",
    "a parameter that only a variant sets": """
params: {n: 1} # W101
variants: {large: {n: 2}}
layers: [relu]
""",
    "a parameter that defaults read": """
params: {n: 1}
defaults: {linear: {bias: =n > 0}}
layers: [flatten, linear: 3]
""",
    "a block": """
blocks:
  act: {layers: [relu]} # W102
  other: {layers: [tanh]}
layers: [other, other: {name: again}]
""",
    "a block that a parameter calls": """
params: {kind: act}
blocks: {act: {layers: [relu]}}
layers: [=kind]
""",
    "a block that a variant calls": """
params: {kind: tanh}
blocks: {act: {layers: [relu]}}
variants: {other: {kind: act}}
layers: [=kind]
""",
    "a block that a formula calls": """
params: {yes: true}
blocks: {act: {layers: [relu]}}
layers:
  - '="act" if yes else "tanh"': {name: x}
""",
    "blocks that only call themselves or each other": """
blocks:
  act: {layers: [relu, other]} # W102
  other: {layers: [act]} # W102
  own: {layers: [own]} # W102
  called: {layers: [inner]}
  inner: {layers: [tanh]}
layers: [called]
""",
    "a parameter with the name of an attribute": """
params:
  channels: 3 # W101
  height: 8
layers: [conv2d: {out_channels: =in.channels, kernel_size: "=in.height - height + 1"}]
""",
    "a parameter with the name of a string": """
params:
  zeros: 3 # W101
  n: 1
layers:
  - conv2d: {out_channels: =n, kernel_size: 3, padding_mode: '="zeros" if n > 0 else "reflect"'}
""",
    "a parameter with the name of an exponent": """
params:
  e5: 3 # W101
layers: [gaussian_noise: =1e5]
""",
    "a parameter of a block": """
params: {n: 3}
blocks:
  act:
    params:
      n: int # W101
      k: =2
    layers: [linear: =k]
layers: [flatten, act: =n]
""",
}


@pytest.mark.parametrize("case", CASES)
def test_what_nothing_uses_is_found(case: str) -> None:
    text = HEAD + CASES[case]
    wanted = [
        (number, code)
        for number, line in enumerate(text.splitlines(), 1)
        for code in WANTED.findall(line)
    ]
    found = analyse_text(text, "a.yaml").diagnostics
    assert [(d.span.line, d.code) for d in found] == wanted


def test_blocks_and_parameters_of_other_files_are_not_judged(tmp_path: Path) -> None:
    (tmp_path / "blocks.yaml").write_text("params: {n: 1}\nblocks: {act: {layers: [relu]}}\n")
    base = f"{HEAD}params: {{n: 1}}\nblocks: {{act: {{layers: [relu]}}}}\nlayers: [act, relu]\n"
    (tmp_path / "base.yaml").write_text(base)
    spec = tmp_path / "a.yaml"
    spec.write_text("name: b\nextends: base.yaml\ninclude: [blocks.yaml]\nlayers: [tanh]\n")
    assert not [d for d in analyse_spec(str(spec)).diagnostics if d.code.startswith("W")]


def test_a_spec_with_faults_is_not_blamed_for_what_they_left_out() -> None:
    text = "params: {n: 1}\nblocks: {act: {layers: [relu]}}\nlayers: [actt, linear: =nn]\n"
    found = analyse_text(HEAD + text, "a.yaml").diagnostics
    assert {d.code for d in found} == {"E105", "E112"}


@pytest.mark.parametrize("name", shipped_specs())
def test_shipped_specs_use_all_that_they_declare(name: str) -> None:
    codes = {d.code for d in analyse_spec(str(shipped_specs()[name])).diagnostics}
    assert not codes & {"W101", "W102"}
