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
        "The file, its nesting or the network it describes is beyond what any real network needs: "
        "4 MiB, 128 levels, 1,000 files (32 in a row), 20,000 layers (--max-nodes allows more).",
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
        "Strides and kernels have shrunk the input to nothing.",
        _spec("  - max_pool2d: 9\n"),
    ),
    "W201": Code(
        "a linear layer on an image",
        "`linear` acts on the last axis, which is the width of an image [channels, height, width]. "
        "What is meant is mostly a 1×1 convolution, which acts on the channels, or a `flatten` "
        "before it.",
        _spec("  - linear: 10\n"),
    ),
    "E301": Code(
        "an expectation that is not met",
        "The spec asserts a total or a shape with `expect`, and the network has another.",
        _spec("  - flatten\n  - linear: 10\n", "expect: {params: 1}\n"),
    ),
}
