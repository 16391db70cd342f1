"""Topics: the top level of a spec, its inputs and outputs, and the dialect of YAML."""

from __future__ import annotations

from collections.abc import Mapping

from archspec.frontend.schema import ArchSpec, Expect, Input
from archspec.frontend.topics.model import Topic, fields_of

SPEC: Mapping[str, Topic] = {
    "spec": Topic(
        "the top level of a spec file",
        "A spec is a YAML file that describes one network, or a family of them. It needs a `name`, "
        "`inputs` and `layers`; a file reads top to bottom as the data flows, one line a layer.",
        """\
name: lenet_300_100
title: The multilayer perceptron of LeCun et al. 1998
inputs: {image: [1, 28, 28]}
layers:
  - flatten
  - linear: 300
  - tanh
  - linear: 100
  - tanh
  - linear: 10
expect: {params: 266_610}
""",
        tables={"keys": fields_of(ArchSpec)},
        words=("archspec", "title", "source"),
    ),
    "inputs": Topic(
        "what flows into the network",
        "Each input has a name and the shape of one example, channels first: [channels, height, "
        "width] for images, [T, features] for sequences. The batch is implied. A size may be a "
        "number, a name that stands for any number (see `shapes`) or a formula over the "
        "parameters.\n\n"
        "An input of whole numbers, such as those of words, is a mapping of `shape` and `dtype`. "
        "On the command line, --input image=3x256x256 gives an input another shape.",
        """\
name: classifier
inputs: {words: {shape: [T], dtype: int64}, age: [1]}
layers:
  - embedding: {num_embeddings: 10_000, embedding_dim: 32, from: words}
  - lstm: {hidden_size: 32, return_sequences: false}
  - concat: {words: [], age: age}
  - linear: 2
""",
        tables={"an input of another type": fields_of(Input)},
        words=("int64", "float32"),
    ),
    "shapes": Topic(
        "sizes that are names",
        "A size of an input may be a name, as in [3, H, W] or [T, 1]. All that follows is then "
        "computed in terms of it, `(H + 1) // 2` after a stride of 2, and the network runs with "
        "every size that its layers allow. Equal names are equal sizes.\n\n"
        "Weights cannot depend on a name: pool to a fixed size before a `linear`. Where sizes "
        "meet, `archspec check` says which are possible. --input image=3x224x224 fixes them.",
        """\
name: fully_convolutional
inputs: {image: [3, H, W]}
layers:
  - conv2d: {out_channels: 16, kernel_size: 3, stride: 2, padding: 1}
  - relu
  - global_avg_pool2d
  - linear: 10
""",
        words=("batch", "sizes", "symbolic", "dimensions"),
    ),
    "outputs": Topic(
        "what leaves the network, or a block",
        "The output is what the last layer makes. If that is not all, or if it needs a better "
        "name, `outputs` says what leaves: `outputs: {logits: fc}`, or a name, or a list of "
        "names. `name.output` is one output of a layer with several.",
        """\
name: two_tasks
inputs: {image: [3, 32, 32]}
layers:
  - flatten
  - linear: {name: features, out_features: 64}
  - linear: {name: digit, out_features: 10}
  - linear: {name: colour, out_features: 3, from: features}
outputs: {digit: digit, colour: colour}
""",
    ),
    "expect": Topic(
        "what must come out",
        "Everything that is inferred can be asserted. `expect` at the top level states totals and "
        "output shapes; `expect` on a layer the shape of its output. Where the network differs, "
        "`archspec check` fails with E301. Depth counts as papers do: convolutions, linear and "
        "recurrent layers one after another on the longest way to an output; not normalisation, "
        "the projection beside a block, heads, or gates that are spread over a product. Totals do "
        "not apply to a variant, which may state its own, or under --set and --input.",
        """\
name: asserted
inputs: {image: [1, 28, 28]}
layers:
  - conv2d: {out_channels: 8, kernel_size: 3, expect: [8, 26, 26]}
  - flatten
  - linear: 10
expect: {params: 54_170, macs: 102_752, depth: 2, outputs: {output: [10]}}
""",
        tables={"totals": fields_of(Expect)},
    ),
    "yaml": Topic(
        "the dialect of YAML",
        "Specs are YAML 1.2: only true and false are booleans (`no` and `on` are text), 1e-3 is a "
        "number, and 61_706 is one too. There are no anchors, aliases, tags and merge keys: "
        "repetition is a block. Keys that are given twice or unknown are errors.\n\n"
        "Put a space after every colon. Inside { } a formula with a comma or brackets needs "
        "quotes, because YAML would end the value there. A list is [3, 3], never (3, 3).",
        """\
name: quotes
params: {depths: [2, 4]}
inputs: {image: [3, 32, 32]}
layers:
  - conv2d: {out_channels: "=max(16, depths[0])", kernel_size: [3, 5]}
  - dropout: 1e-1
""",
        words=("quotes", "anchors", "aliases"),
    ),
}
"""Topics by name."""
