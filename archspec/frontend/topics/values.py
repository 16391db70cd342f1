"""Topics: formulas, and the names of layers."""

from __future__ import annotations

from collections.abc import Mapping

from archspec.frontend.blocks import WORDS
from archspec.frontend.formula.attributes import SIZES
from archspec.frontend.formula.functions import FUNCTIONS
from archspec.frontend.topics.model import Topic

_FUNCTIONS = {
    "min": "the smallest",
    "max": "the largest",
    "round": "the nearest whole number; of two the even one",
    "ceil": "the next whole number up",
    "floor": "the next whole number down",
    "int": "the whole number towards zero",
    "len": "how many values there are",
    "sum": "the sum of the values",
    "divisible": "the nearest multiple of 8, but at least 90 % of x (MobileNet)",
}
_SIZES = {
    "channels": "the first size",
    "height": "the rows of an image or volume",
    "depth": "the layers of a volume [channels, depth, height, width]",
    "width": "the columns of an image or volume",
    "length": "the steps of a sequence",
    "features": "the last size",
}

VALUES: Mapping[str, Topic] = {
    "formulas": Topic(
        "values that are computed",
        "A value that begins with `=` is a formula, as in a spreadsheet. It has numbers, text in "
        "quotes, true, false, lists, `+ - * / // %`, comparisons `== != < <= > >=`, `and or not`, "
        "`a if c else b`, items `depths[0]` and keys `stage.width`. There are no powers. Inside { "
        "} a formula with commas or brackets needs quotes.\n\n"
        "Formulas see the parameters of their block and file, and shapes: `in.channels` of what "
        "arrives at the layer, `stem.height` of a layer above.",
        """\
name: formulas
params: {widths: [16, 32], wide: true}
inputs: {image: [3, 32, 32]}
layers:
  - conv2d: {name: stem, out_channels: "=widths[1] if wide else widths[0]", kernel_size: 3}
  - relu
  - conv2d: {out_channels: =2 * in.channels, kernel_size: 1}
  - dropout: {p: 0.2, when: =stem.height > 28 and wide}
  - avg_pool2d: {kernel_size: "=[in.height, in.width]"}
""",
        tables={
            "functions": {
                name: f"{function.usage}: {_FUNCTIONS[name]}"
                for name, function in FUNCTIONS.items()
            },
            "sizes": {name: _SIZES[name] for name in SIZES},
        },
        words=(
            *(word for word in WORDS if word not in ("index", "count")),
            *("formula", "functions", "attributes", "=", "+", "-", "*", "/", "//", "%"),
            *("==", "!=", "<", "<=", ">", ">="),
        ),
    ),
    "names": Topic(
        "what layers are called",
        "The name path of a layer, such as `stage1.0.conv_bn.conv2d`, is its module in PyTorch, "
        "the prefix of its weights, its name in ONNX, its place in pictures and messages. A "
        "component comes from `name`, from a call of a block, from a path of a merge, or from a "
        "turn of a repeat.\n\n"
        "Unnamed layers are called after their operator: `relu`, `relu_2`, counted within their "
        "list; inserting a layer elsewhere renames nothing. Give a name to what is referred to, or "
        "is to be trained further. A name has letters, digits and underscores, and is neither a "
        "word of Python nor an attribute of torch.nn.Module.",
        """\
name: names
inputs: {image: [3, 32, 32]}
layers:
  - conv2d: {name: stem, out_channels: 16, kernel_size: 3}
  - relu
  - concat: {name: mix, left: [conv2d: {out_channels: 8, kernel_size: 1}], right: [tanh]}
  - elu
  - concat: [stem, elu]
""",
        words=("name",),
    ),
}
"""Topics by name."""
