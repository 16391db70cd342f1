"""Every diagnostic code, with what it means and an example.

The examples are specs; a test compiles each and expects its code, so the documentation
cannot drift from the compiler.
"""

from typing import NamedTuple


class Code(NamedTuple):
    """The documentation of one code.

    Attributes:
        title: The fault in a few words.
        text: What it means and how to mend it.
        example: A spec that has the fault; empty where only a file system can.
    """

    title: str
    text: str
    example: str = ""


def _spec(layers: str, before: str = "", inputs: str = "{image: [3, 8, 8]}") -> str:
    return f"name: example\ninputs: {inputs}\n{before}layers:\n{layers}"


_IRIS = "train: {data: {dataset: iris}, epochs: 1}\n"


CODES: dict[str, Code] = {
    "E001": Code(
        "the file cannot be read",
        "The path does not exist, is a directory, or may not be read. The exit code is 3.",
    ),
    "E002": Code(
        "the file is not text",
        "A spec is UTF-8 text. This file holds bytes or control characters that are not; it may "
        "be another kind of file, or be saved in an old encoding.",
        "name: a\x01b\n",
    ),
    "E003": Code(
        "the file is empty", "A spec needs at least name, inputs and layers.", "# nothing\n"
    ),
    "E004": Code(
        "the file is not YAML",
        "The YAML parser stopped here: a bracket or quote that is not closed, a tab, wrong "
        "indentation.",
        "name: [unclosed\n",
    ),
    "E005": Code(
        "a key is given twice",
        "YAML readers often keep the last value in silence; archspec does not guess.",
        _spec("  - relu\n", "name: other\n"),
    ),
    "E006": Code(
        "a part of YAML that the language leaves out",
        "Anchors, aliases, tags, merge keys and several documents are not part of the language: "
        "repetition is a block with parameters.",
        _spec("  - &a relu\n"),
    ),
    "E007": Code(
        "a key without a value",
        "Inside { } every key needs a value. Mostly a formula with a comma lacks its quotes, or a "
        "colon lacks the space after it.",
        _spec("  - conv2d: {out_channels: =max(1, 2), kernel_size: 3}\n"),
    ),
    "E008": Code(
        "too large",
        "The file, its nesting or the network it describes is beyond what networks written by "
        "people need: by default 4 MiB and 200,000 values in a file, 128 levels, 1,000 files (32 "
        "in a row), 20,000 layers, 100 mistakes. Each can be allowed more with the flag that the "
        "message names (`archspec explain limits`).",
        _spec("  - relu: {repeat: 20000}\n  - relu: {repeat: 20000}\n"),
    ),
    "E009": Code(
        "a file outside of the project",
        "`extends`, `include` and `use` name files by paths that are relative to the file they "
        "stand in. Files outside of the project (the folder with .git or pyproject.toml above "
        "the spec, or else the spec's own) are read with --allow-outside only.",
        _spec("  - use: ../../../../../../outside.yaml\n"),
    ),
    "E101": Code(
        "an unknown key",
        "The operator, block or section has no field of this name.",
        _spec("  - conv2d: {out_channels: 8, kernel: 3}\n"),
    ),
    "E102": Code(
        "something required is missing",
        "A field without a default was not given.",
        _spec("  - conv2d: {out_channels: 8}\n"),
    ),
    "E103": Code(
        "a value that does not fit",
        "The value has the wrong type or is out of range.",
        _spec("  - conv2d: {out_channels: -8, kernel_size: 3}\n"),
    ),
    "E104": Code(
        "not a layer",
        "A layer is `- operator`, `- operator: value` or `- operator: {field: value}`.",
        _spec("  - relu:\n    tanh:\n"),
    ),
    "E105": Code(
        "an unknown operator or block",
        "Nothing of this name is an operator (`archspec explain`) or a block of the file.",
        _spec("  - convv2d: {out_channels: 8, kernel_size: 3}\n"),
    ),
    "E106": Code(
        "an unknown name",
        "A reference is to the name of a layer, path or input above it in the same list or around "
        "it. What is inside a block is private unless it is one of the block's outputs.",
        _spec("  - relu: {from: stem}\n"),
    ),
    "E107": Code(
        "a parameter that does not exist or is missing",
        "A block is called with its own parameters; those without a default are required.",
        _spec("  - act: {kind: 1}\n", "blocks: {act: {layers: [relu]}}\n"),
    ),
    "E108": Code(
        "a name that cannot be one",
        "Names become attributes of PyTorch modules: letters, digits and underscores, no Python "
        "keyword, no attribute of torch.nn.Module.",
        _spec("  - relu: {name: train}\n"),
    ),
    "E109": Code(
        "a name that is used twice",
        "Names are unique within their scope, and a layer that is referred to by its default name "
        "must be the only one of its kind there.",
        _spec("  - relu: {name: a}\n  - tanh: {name: a}\n"),
    ),
    "E110": Code(
        "a variant that extends nothing",
        "`extends` names another variant of the same file, without going in a circle.",
        _spec("  - relu\n", "variants: {small: {extends: tiny}}\n"),
    ),
    "E111": Code(
        "a block or file that contains itself",
        "Networks are finite: repetition is `repeat`, recursion is not part of the language.",
        _spec("  - act\n", "blocks: {act: {layers: [relu, act]}}\n"),
    ),
    "E112": Code(
        "a faulty formula",
        "A value that begins with = is a formula. It cannot be read, or cannot be computed.",
        _spec("  - linear: =in.width *\n"),
    ),
    "E201": Code(
        "an operator that cannot take its input",
        "The number of axes, a size or the number of inputs does not suit the operator.",
        _spec("  - conv2d: {out_channels: 8, kernel_size: 3}\n", inputs="{x: [4]}"),
    ),
    "E202": Code(
        "paths of unequal sizes",
        "concat needs equal sizes but for the channels; add, multiply and their like need all "
        "sizes equal, or 1.",
        _spec("  - concat: {a: [max_pool2d: 2], b: []}\n"),
    ),
    "E203": Code(
        "nothing is left",
        "Strides and kernels have shrunk the input to nothing at this layer. The least input that "
        "all of the network works with is found by trying.",
        _spec("  - max_pool2d: 9\n"),
    ),
    "W001": Code(
        "a comment that ignores no warning",
        "`# archspec: ignore[W204]` at the end of a line silences a warning for all that points at "
        "the line, and `# archspec: ignore-file[W204]` anywhere in a file for the file. Each names "
        "the warnings, separated by commas; errors cannot be ignored.",
        _spec("  - relu # archspec: ignore\n"),
    ),
    "W101": Code(
        "a parameter that nothing reads",
        "No formula of the file, or of the block that declares it, has its name. Mostly it is "
        "misspelt there, or the `=` is missing.",
        _spec("  - relu\n", "params: {classes: 10}\n"),
    ),
    "W102": Code(
        "a block that nothing calls",
        "No layer, parameter or variant of the file has its name, so the network goes without it.",
        _spec("  - relu\n", "blocks: {act: {layers: [tanh]}}\n"),
    ),
    "W201": Code(
        "a linear layer on an image",
        "`linear` acts on the last axis, which is the width of an image [channels, height, width]. "
        "What is meant is mostly a 1×1 convolution, which acts on the channels, or a `flatten` "
        "before it.",
        _spec("  - linear: 10\n"),
    ),
    "W202": Code(
        "a layer whose output nobody uses",
        "No layer reads it, and it is neither an output of the network nor a head, so what leads "
        "to it is computed in vain. Mostly a `from:` or an entry of `outputs` is missing. Only the "
        "last layer of such a branch is reported.",
        _spec("  - relu: {name: a}\n  - tanh: {from: image}\n"),
    ),
    "W203": Code(
        "an input that nothing reads",
        "The first layer reads the first input; any other input is read by its name, with `from:` "
        "or as a path of a merge.",
        _spec("  - relu\n", inputs="{image: [3, 8, 8], mask: [1, 8, 8]}"),
    ),
    "W204": Code(
        "a bias before batch norm",
        "Batch norm subtracts the mean of each channel, and with it whatever constant was added to "
        "the channel: the bias never has an effect and never learns. Batch norm has a bias of its "
        "own. The same goes for instance norm, but not for layer norm or group norm, whose mean "
        "is that of several channels. Keras's ResNets have such biases all the same; write "
        "`# archspec: ignore[W204]` where they are wanted.",
        _spec("  - conv2d: {out_channels: 8, kernel_size: 3}\n  - batch_norm\n"),
    ),
    "W205": Code(
        "a stride that leaves out the last rows",
        "The size of the input is such that the last window ends before the input does: 2×2 "
        "pooling of 7×7 reads 6×6 of it. What padding adds is no loss, a window smaller than its "
        "stride leaves values out on purpose, and convolutions may leave out less than a "
        "hundredth, as those of published networks do.",
        _spec("  - max_pool2d: 2\n", inputs="{image: [3, 7, 7]}"),
    ),
    "W206": Code(
        "an activation of what is activated already",
        "ReLU of what is never negative changes nothing, whether it comes from another ReLU, a "
        "sigmoid or a softmax, also by way of pooling, dropout or a merge of such values. A "
        "softmax of what a softmax has made does change it, but only evens out the probabilities.",
        _spec("  - relu\n  - max_pool2d: 2\n  - relu\n"),
    ),
    "W207": Code(
        "linear layers with nothing between",
        "A linear map of a linear map is a linear map, f(f(x)) = Ax: two such layers in a row can "
        "learn nothing that one of them could not. Mostly an activation is missing. The same goes "
        "for two convolutions, unless they factor a larger one: a column and a row, groups, or "
        "fewer channels between them.",
        _spec("  - linear: 8\n  - linear: 2\n", inputs="{x: [4]}"),
    ),
    "W208": Code(
        "sigmoids in a deep hidden stack",
        "The slope of a sigmoid is 1/4 at most, so each one that the gradient passes on its way "
        "back leaves a quarter of it or less, and after three of them the first layers hardly "
        "learn (the vanishing gradient). ReLU, whose slope is 1, has replaced it in hidden layers. "
        "The last layer's sigmoid, gates, and stacks with normalisations or residuals are fine.",
        _spec("  - linear: 8\n  - sigmoid\n" * 3 + "  - linear: 2\n", inputs="{x: [4]}"),
    ),
    "W209": Code(
        "an input whose channels seem to be last",
        "Shapes are [channels, height, width] here, as in PyTorch. [224, 224, 3], which is how "
        "Keras and files of pictures have it, would be 224 channels of 224×3.",
        _spec(
            "  - conv2d: {out_channels: 8, kernel_size: 3, padding: 1}\n",
            inputs="{image: [224, 224, 3]}",
        ),
    ),
    "E301": Code(
        "an expectation that is not met",
        "The spec asserts a total or a shape with `expect`, and the network has another.",
        _spec("  - flatten\n  - linear: 10\n", "expect: {params: 1}\n"),
    ),
    "W401": Code(
        "output units unlike the number of classes",
        "A classifier that is trained with cross-entropy has one output unit for each class of its "
        "data, the heads included. With two classes, these are two units.",
        _spec("  - linear: 4\n", _IRIS, inputs="{measurements: [4]}"),
    ),
    "W402": Code(
        "a loss that applies softmax twice",
        "Cross-entropy applies softmax itself. A softmax that is the very last layer is fine: "
        "training leaves it out of the loss. One that is followed by another layer, such as "
        "`flatten`, stays in, and so does a sigmoid: the loss then gets scores between 0 and 1, "
        "which softmax turns into nearly equal probabilities.",
        _spec("  - linear: 3\n  - softmax\n  - flatten\n", _IRIS, inputs="{measurements: [4]}"),
    ),
    "E900": Code(
        "an internal error",
        "A fault of archspec, not of the spec. The traceback is in the file that the message "
        "names: please report it and attach that file. The exit code is 70.",
    ),
}
