"""Topics: what is said once for many layers, and what is left out."""

from __future__ import annotations

from collections.abc import Mapping

from archspec.frontend.arguments import TYPES
from archspec.frontend.resolve import RESERVED as IN_VARIANTS
from archspec.frontend.schema import Block, Variant
from archspec.frontend.topics.model import Topic, fields_of

_TYPES = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "text",
    "list": "a list",
    "layer": "what a layer may call: an operator, a block, or either with its arguments",
    "any": "anything",
}

REPETITION: Mapping[str, Topic] = {
    "blocks": Topic(
        "parts with parameters, called like operators",
        "A block is written once and called by its name. In `params`, `NAME: TYPE` is a required "
        "parameter and `NAME: DEFAULT` an optional one; a default may be a formula over earlier "
        "parameters and the input's sizes. The short form `- conv_bn: 64` fills the first one.\n\n"
        "A block sees its own parameters and those of its file, never its caller's. Its layers "
        "are below its name in the name path, and what is inside stays private unless it is one "
        "of its `outputs`. A block with several `inputs` takes them by name or with `from: [a, "
        "b]`.",
        """\
name: blocks
params: {slope: 0.1}
inputs: {image: [3, 32, 32]}
blocks:
  conv_bn:
    params: {out: int, kernel: 3, act: relu}
    layers:
      - conv2d: {out_channels: =out, kernel_size: =kernel, padding: =kernel // 2, bias: false}
      - batch_norm
      - =act
  join:
    inputs: [main, skip]
    layers: [concat: [main, skip]]
layers:
  - conv_bn: {name: stem, out: 16}
  - conv_bn: {out: 32, kernel: 1, act: {leaky_relu: =slope}}
  - join: {skip: stem}
""",
        tables={"keys": fields_of(Block), "types": {name: _TYPES[name] for name in TYPES}},
        words=("block", "types", "parameters"),
    ),
    "repeat": Topic(
        "the same layer several times",
        "`repeat` takes a number, a list of rows, or columns; what one turn makes flows into the "
        "next. The rows or columns become arguments, so a table of a paper is copied as it is. "
        "`first` and `last` override arguments of one turn, and formulas know `index`, from 0, and "
        "`count`. The turns are called `name.0`, `name.1`, even if there is only one.\n\n"
        "The outputs of a block replace its leading inputs on the next turn, and the others stay.",
        """\
name: mobile
inputs: {image: [3, 64, 64]}
blocks:
  conv:
    params: {out: int, stride: 1}
    layers:
      - conv2d: {out_channels: =out, kernel_size: 3, padding: 1, stride: =stride}
      - relu
  stage:
    params: {out: int, n: int, stride: 1}
    layers:
      - conv: {out: =out, repeat: =n, first: {stride: =stride}}
layers:
  - stage: {name: stages, repeat: {out: [16, 24, 32], n: [1, 2, 3], stride: [1, 2, 2]}}
  - global_avg_pool2d
  - group: {name: head, repeat: 2, layers: [dropout, linear: =20 // (index + 1), tanh]}
""",
        words=("first", "last", "index", "count", "loop", "for"),
    ),
    "when": Topic(
        "a layer under a condition",
        "A layer with `when: =...` is there only if the formula is true. If not, it is the "
        "identity of its input and keeps its name; a path of a merge is left out, and one path "
        "left is the result. Conditions depend on parameters and on sizes that are known, never "
        "on the data.",
        """\
name: conditions
params: {width: 32, dropout: 0.0}
inputs: {image: [16, 32, 32]}
layers:
  - conv2d: {out_channels: =width, kernel_size: 1, when: =in.channels != width}
  - dropout: {p: =dropout, when: =dropout > 0}
  - global_avg_pool2d
""",
        words=("if", "condition", "else"),
    ),
    "params": Topic(
        "the parameters of a spec",
        "Values that formulas see by their names. A variant gives others, and so does "
        "--set classes=10 on the command line. A parameter may be a number, text, a list or a "
        "mapping, and a formula over the parameters above it.",
        """\
name: parameters
params: {classes: 10, width: 1.0, hidden: "=divisible(100 * width, 8)"}
inputs: {x: [64]}
layers:
  - linear: =hidden
  - relu
  - linear: =classes
""",
        words=("parameter",),
    ),
    "defaults": Topic(
        "what layers say if they do not say otherwise",
        "`defaults` gives fields of operators, and parameters of blocks, for the whole file. "
        "Initialisers and regularisers stand beside the fields of an operator, or directly below "
        "`defaults` for every operator. The defaults of a file do not reach into the "
        "files that it uses or includes, nor into the parts of an operator.",
        """\
name: defaults
inputs: {image: [3, 32, 32]}
defaults:
  weight_init: glorot_uniform
  conv2d: {kernel_size: 3, padding: same, bias: false, weight_init: he_normal}
  batch_norm: {eps: 1e-3, momentum: 0.01}
layers:
  - conv2d: 32
  - batch_norm
  - relu
  - conv2d: {out_channels: 64, kernel_size: 1}
""",
    ),
    "variants": Topic(
        "networks of one family",
        "A variant is a named set of parameters: --variant small. The keys below are reserved, all "
        "others are parameters. The file's own `expect` does not apply to a variant.",
        """\
name: family
params: {width: 64, depth: 2}
inputs: {x: [16]}
layers:
  - group: {name: hidden, repeat: =depth, layers: [linear: =width, relu]}
  - linear: 10
variants:
  small: {width: 32}
  deep: {extends: small, depth: 8, defaults: {linear: {bias: false}}}
""",
        tables={
            "reserved keys": {key: fields_of(Variant)[key] for key in IN_VARIANTS},
        },
        words=("variant",),
    ),
}
"""Topics by name."""
