"""The codes of faulty specs: E1 of what is written, E2 of shapes, E3 of expectations."""

from archspec.diagnostics.codes.model import Code, spec, vector

_LINEAR_BLOCK = "blocks: {fc: {params: {out: int}, layers: [linear: =out, relu]}}\n"
_WIDE = "conv2d: {out_channels: 8, kernel_size: 3, padding: same}"
_STEM = (
    "blocks:\n  stem:\n    layers: [conv2d: {name: conv, out_channels: 8, kernel_size: 3}, relu]\n"
)
_TURN = "  - linear: 4\n  - tanh\n"

CODES: dict[str, Code] = {
    "E101": Code(
        "an unknown key",
        "The operator, block or section has no field of this name. Fields are called as in "
        "PyTorch; `archspec explain conv2d` lists those of an operator, and `archspec explain "
        "train` those of a section.",
        spec("  - conv2d: {out_channels: 8, kernel: 3}\n"),
        spec("  - conv2d: {out_channels: 8, kernel_size: 3}\n"),
    ),
    "E102": Code(
        "something required is missing",
        "A field without a default was not given. Give it here, or for all layers of the kind "
        "with `defaults: {conv2d: {kernel_size: 3}}`.",
        spec("  - conv2d: {out_channels: 8}\n"),
        spec("  - conv2d: {out_channels: 8, kernel_size: 3}\n"),
    ),
    "E103": Code(
        "a value that does not fit",
        "The value has the wrong type or is out of range. `archspec explain kernel_size` says "
        "what a field takes. Numbers and booleans stand without quotes, and booleans are `true` "
        "and `false`; `yes` and `no` are text.",
        spec("  - conv2d: {out_channels: -8, kernel_size: 3}\n"),
        spec("  - conv2d: {out_channels: 8, kernel_size: 3}\n"),
    ),
    "E104": Code(
        "not a layer",
        "A layer is `- operator`, `- operator: value` or `- operator: {field: value}`, and each "
        "has a `-` of its own. Fields on lines of their own stand deeper than the operator's "
        "name.",
        spec("  - relu:\n    tanh:\n"),
        spec("  - relu\n  - tanh\n"),
    ),
    "E105": Code(
        "an unknown operator or block",
        "Nothing of this name is an operator (`archspec explain` lists them) or a block of the "
        "file or of one that it includes. The names of Keras and PyTorch are explained too: "
        "`archspec explain Dense`.",
        spec("  - convv2d: {out_channels: 8, kernel_size: 3}\n"),
        spec("  - conv2d: {out_channels: 8, kernel_size: 3}\n"),
    ),
    "E106": Code(
        "an unknown name",
        "A layer can read what stands above it: layers, paths and inputs, by the name that is "
        "written with `name:`, or else by that of the operator or block, such as `relu`.\n\n"
        "Names belong to their scope. A layer sees those in its own list and in the lists around "
        "it. A block sees nothing of its caller: what it needs is handed to it, as one of its "
        "`inputs`. And what is inside a block is private, unless the block has it as one of its "
        "`outputs`; from outside it is then `stem.conv`.",
        spec("  - stem\n  - add: [stem, conv]\n", _STEM),
        spec(
            "  - stem\n  - add: [stem, stem.conv]\n",
            _STEM + "    outputs: {out: relu, conv: conv}\n",
        ),
    ),
    "E107": Code(
        "a parameter that does not exist or is missing",
        "A block is called with its own parameters, which its `params` declare: `out: int` has to "
        "be given, `out: 8` has a default and need not be.",
        vector("  - fc: {units: 10}\n", _LINEAR_BLOCK),
        vector("  - fc: {out: 10}\n", _LINEAR_BLOCK),
    ),
    "E108": Code(
        "a name that cannot be one",
        "Names become attributes of PyTorch modules: letters, digits and underscores, no Python "
        "keyword, no attribute of torch.nn.Module. `train`, for one, is the method that starts "
        "training.",
        spec("  - relu: {name: train}\n"),
        spec("  - relu: {name: trained}\n"),
    ),
    "E109": Code(
        "a name that is used twice",
        "Names are unique within their scope. A layer without one is called after its operator: "
        "`tanh`, `tanh_2`, `tanh_3`. Such a default name is only good for a reference while the "
        "layer is the only one of its kind there, as the numbers change when a layer is inserted "
        "above, and the reference would then silently mean another one. Give the layer that is "
        "meant a name.",
        vector(f"{_TURN * 2}  - add: [tanh, tanh_2]\n"),
        vector(
            "  - linear: 4\n  - tanh: {name: first}\n  - linear: 4\n  - tanh: {name: second}\n"
            "  - add: [first, second]\n"
        ),
    ),
    "E110": Code(
        "a variant that extends nothing",
        "`extends` names another variant of the same file, without going in a circle. The spec "
        "as it stands is what every variant starts from, so it need not be named.",
        vector("  - linear: =n\n", "params: {n: 8}\nvariants: {small: {extends: tiny, n: 4}}\n"),
        vector("  - linear: =n\n", "params: {n: 8}\nvariants: {small: {n: 4}}\n"),
    ),
    "E111": Code(
        "a block or file that contains itself",
        "Networks are finite: repetition is `repeat`, recursion is not part of the language.",
        vector("  - fc\n", "blocks: {fc: {layers: [linear: 4, relu, fc]}}\n"),
        vector("  - fc: {repeat: 3}\n", "blocks: {fc: {layers: [linear: 4, relu]}}\n"),
    ),
    "E112": Code(
        "a faulty formula",
        "A value that begins with = is a formula. It cannot be read, or cannot be computed: a "
        "value is missing, a name is unknown, a number is divided by zero. `archspec explain "
        "formulas` lists what formulas can do.",
        vector("  - linear: =in.features *\n"),
        vector("  - linear: =in.features * 2\n"),
    ),
    "E201": Code(
        "an operator that cannot take its input",
        "The number of axes, a size or the number of inputs does not suit the operator. Shapes "
        "are without the batch: [channels, height, width] for `conv2d`, also where there is one "
        "channel only, and [channels, length] for `conv1d`. `flatten` makes one axis of all.",
        spec("  - conv2d: {out_channels: 8, kernel_size: 3}\n", inputs="{image: [8, 8]}"),
        spec("  - conv2d: {out_channels: 8, kernel_size: 3}\n", inputs="{image: [1, 8, 8]}"),
    ),
    "E202": Code(
        "paths of unequal sizes",
        "`concat` needs equal sizes but for the channels; `add`, `multiply` and their like need "
        "all sizes equal, or 1. A residual adds its input, so it needs what `add` needs.\n\n"
        "If the channels differ, give the residual a `shortcut` with a 1×1 convolution; if it has "
        "a stride, the shortcut needs the same. If heights and widths differ a little, a kernel "
        "has eaten the border: `padding: same` keeps the size (with `stride: 1` in pooling, whose "
        "stride is its kernel size otherwise). If they differ by a row or by half, as in a U-Net, "
        "`crop_like` cuts one path to the size of the other, and `upsample_like` enlarges it.",
        spec(f"  - residual: [{_WIDE}]\n"),
        spec(
            f"  - residual:\n      body: [{_WIDE}]\n"
            "      shortcut: [conv2d: {out_channels: 8, kernel_size: 1}]\n"
        ),
    ),
    "E203": Code(
        "nothing is left",
        "Strides and kernels have shrunk the input to nothing at this layer: each pooling halves "
        "height and width, and each kernel without padding takes off one less than its size.\n\n"
        "First see whether the channels are first: `[3, 32, 32]` is 3 channels of 32×32, and "
        "`[32, 32, 3]`, as Keras has it, would be 32 channels of 32×3. Otherwise use fewer strides "
        "or `padding: same`, or a larger input. The message says the least input that all of the "
        "network works with, which is found by trying.",
        spec("  - conv2d: {out_channels: 8, kernel_size: 5}\n", inputs="{image: [32, 32, 3]}"),
        spec("  - conv2d: {out_channels: 8, kernel_size: 5}\n", inputs="{image: [3, 32, 32]}"),
    ),
    "E301": Code(
        "an expectation that is not met",
        "The spec asserts a total or a shape with `expect`, and the network has another. Where a "
        "paper has the figure, the network is wrong: compare the layers of the table with the "
        "paper's. Where it is your own figure from an earlier version, correct the figure.",
        spec("  - flatten\n  - linear: 10\n", "expect: {params: 1}\n"),
        spec("  - flatten\n  - linear: 10\n", "expect: {params: 1_930}\n"),
    ),
}
