"""Topics: layers, what flows between them, and the constructs that direct it."""

from __future__ import annotations

from collections.abc import Mapping

from archspec.frontend.layer import CONSTRUCTS, RESERVED
from archspec.frontend.topics.model import Topic
from archspec.frontend.treatments import INITIALIZERS, PENALTIES

_RESERVED = {
    "name": "its component of the name path (see `names`)",
    "from": "what flows in, if not the layer above",
    "repeat": "how often, or with which arguments each time",
    "first": "arguments of the first turn of a repeat",
    "last": "arguments of the last turn of a repeat",
    "when": "a condition; without it the layer is left out",
    "freeze": "which weights training leaves alone",
    "expect": "the shape that must come out",
    "max_norm": "the largest norm of each output unit's weights (see `regularisers`)",
    **dict.fromkeys(INITIALIZERS, "what fills the weights or biases (see `initialisers`)"),
    **dict.fromkeys(PENALTIES, "what is added to the loss (see `regularisers`)"),
}
_CONSTRUCTS = {
    "residual": "layers whose input is added to their output",
    "group": "a list of layers treated as one",
    "auxiliary": "a head that exists while training only",
    "reuse": "a layer above once more, with the same weights",
    "use": "another spec as a layer",
}
_KEYS = {
    "residual": {"body": "the layers", "shortcut": "layers that the input goes through instead"},
    "group": {"layers": "the layers"},
    "auxiliary": {
        "layers": "the layers of the head",
        "weight": "the weight of its loss, 1 if none",
    },
    "reuse": {"layer": "the name of the layer, block call or group"},
    "use": {
        "spec": "a path relative to this file, or the name of a shipped spec",
        "variant": "a variant of that spec",
        "params": "values for its parameters",
        "until": "the name of the last layer that is taken",
    },
}


def keys(construct: str) -> Mapping[str, Mapping[str, str]]:
    """Returns the table of a construct's own keys."""
    return {"keys": {key: _KEYS[construct][key] for key in CONSTRUCTS[construct]}}


FLOW: Mapping[str, Topic] = {
    "layers": Topic(
        "how a layer is written",
        "A layer is one line. It names an operator, a block of the file or a construct: `relu`; "
        "`linear: 10`, which fills the main field; or `conv2d: {out_channels: 64, kernel_size: "
        "3}`. `=block: {...}` calls what a parameter names.\n\n"
        "The layer above is the input unless `from` says otherwise. Input channels and flattened "
        "sizes are never written, because they follow. Activations are layers of their own.",
        """\
name: small
inputs: {image: [1, 28, 28]}
layers:
  - conv2d: {name: stem, out_channels: 16, kernel_size: 3, weight_init: he_normal}
  - relu
  - max_pool2d: 2
  - flatten
  - dropout: 0.25
  - linear: 10
""",
        tables={
            "keys of every layer": {key: _RESERVED[key] for key in RESERVED},
            "constructs": {name: _CONSTRUCTS[name] for name in CONSTRUCTS},
        },
        words=("layer", "constructs", "activation"),
    ),
    "from": Topic(
        "what flows into a layer",
        "`from: stem` takes the output of a layer, path or input above; `from: [a, b]` hands on "
        "several. `from: split.left` is one output of a layer with several. References are by "
        "name: a layer's own `name`, or its default name where that is unique (`relu` for an "
        "only relu).\n\n"
        "The inputs of operators and blocks have names too, and can be filled by keyword, with a "
        "name or with layers: `cross_attention: {num_heads: 8, memory: encoder}`. What is not "
        "filled so takes what flows in, in order.",
        """\
name: skip
inputs: {image: [3, 32, 32]}
layers:
  - conv2d: {name: stem, out_channels: 16, kernel_size: 3, padding: same}
  - split: {name: halves, parts: [left, right]}
  - relu: {from: halves.left}
  - concat: [relu, halves.right]
  - subtract: {other: stem}
""",
        words=("flow", "input", "references"),
    ),
    "merges": Topic(
        "paths that run side by side, and join",
        "Merges are operators with paths: `concat`, `add`, `multiply`, `average`, `maximum` and "
        "others. Each path has a name and is a list of layers (an empty one is the identity), the "
        "name of a value, or a mapping of `from`, `when` and `layers`. All paths start from what "
        "flows in. `add: [a, b]` joins values that have names.\n\n"
        "`each` makes copies of the path called `path`, one for each row or column, as `repeat` "
        "does one after the other.",
        """\
name: pyramid
inputs: {image: [16, H, W]}
layers:
  - concat:
      name: rates
      each: {rate: [1, 6, 12]}
      path: [conv2d: {out_channels: 8, kernel_size: 3, padding: =rate, dilation: =rate}]
      pool: [max_pool2d: {kernel_size: 3, stride: 1, padding: 1}]
      input: []
  - multiply: {values: [], gate: [conv2d: {out_channels: 56, kernel_size: 1}, sigmoid]}
""",
        words=("each", "path", "paths", "branches", "merge", "parallel"),
    ),
    "residual": Topic(
        "layers whose input is added to their output",
        "`residual: [...]` adds what flows in to what the layers make. With `body` and `shortcut` "
        "the input goes through the shortcut's layers first; if all of those are left out by their "
        "`when`, it is added as it is.\n\n"
        "A `when` may also speak of the addition: `shortcut: {when: =...}` is a path as in a merge "
        "(see `when`). Where it is false there is nothing to add, and the body alone is left, as "
        "in MobileNetV2, which adds only where the shapes are equal. A `when` of the residual "
        "itself leaves out all of it.",
        """\
name: residuals
inputs: {image: [16, 32, 32]}
defaults: {conv2d: {bias: false}}
layers:
  - residual: [conv2d: {out_channels: 16, kernel_size: 3, padding: 1}, batch_norm, relu]
  - residual:
      body: [conv2d: {out_channels: 32, kernel_size: 3, padding: 1, stride: 2}, batch_norm]
      shortcut: [conv2d: {out_channels: 32, kernel_size: 1, stride: 2}]
  - relu
  - residual:
      body: [conv2d: {out_channels: 64, kernel_size: 3, padding: 1}, batch_norm]
      shortcut: {when: =in.channels == 64}
""",
        tables=keys("residual"),
        words=("skip",),
    ),
    "group": Topic(
        "a list of layers treated as one",
        "A group lets one `when`, `repeat`, `freeze` or `reuse` speak of several layers. With a "
        "`name` it is a scope of name paths; without one its layers belong to the list around it.",
        """\
name: groups
params: {deep: true}
inputs: {x: [16]}
layers:
  - group: {name: stem, freeze: true, layers: [linear: 32, relu]}
  - group: {name: more, when: =deep, repeat: 2, layers: [linear: 32, relu]}
  - linear: 10
""",
        tables=keys("group"),
    ),
    "auxiliary": Topic(
        "a head that exists while training only",
        "The flow passes an auxiliary head by: its layers take what flows in, and the next layer "
        "takes the same. While training, the loss of its output is added with `weight`; inference "
        "and ONNX have none of it.",
        """\
name: heads
inputs: {image: [3, 32, 32]}
layers:
  - conv2d: {out_channels: 16, kernel_size: 3}
  - relu
  - auxiliary: {name: aux, weight: 0.3, layers: [global_avg_pool2d, linear: 10]}
  - conv2d: {out_channels: 32, kernel_size: 3}
  - global_avg_pool2d
  - linear: 10
""",
        tables=keys("auxiliary"),
        words=("heads", "head"),
    ),
    "reuse": Topic(
        "the same weights twice",
        "`reuse: tower` expands a layer, block call or group above once more. Its weights are "
        "those of the first use, stored and counted once; its input must have the same channels.",
        """\
name: twins
inputs: {left: [1, 32, 32], right: [1, 32, 32]}
layers:
  - group:
      name: tower
      from: left
      layers: [conv2d: {out_channels: 8, kernel_size: 5}, relu, flatten, linear: 16]
  - reuse: {name: twin, layer: tower, from: right}
  - subtract: {from: [tower, twin]}
  - abs
  - linear: 1
  - sigmoid
""",
        tables=keys("reuse"),
        words=("shared", "siamese"),
    ),
}
"""Topics by name."""
