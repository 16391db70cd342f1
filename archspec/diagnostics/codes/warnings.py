"""The codes of what is legal in a spec but surely not meant: W1 of unused parts, W2 of layers."""

from archspec.diagnostics.codes.model import Code, spec, vector

CODES: dict[str, Code] = {
    "W101": Code(
        "a parameter that nothing reads",
        "No formula of the file, or of the block that declares it, has its name. Mostly it is "
        "misspelt there, or the `=` is missing.",
        vector("  - linear: 10\n", "params: {classes: 10}\n"),
        vector("  - linear: =classes\n", "params: {classes: 10}\n"),
    ),
    "W102": Code(
        "a block that nothing calls",
        "No layer, parameter or variant of the file has its name, unless in a block that nothing "
        "calls either, so the network goes without it.",
        spec("  - relu\n", "blocks: {act: {layers: [tanh]}}\n"),
        spec("  - act\n", "blocks: {act: {layers: [tanh]}}\n"),
    ),
    "W201": Code(
        "a linear layer on an image",
        "`linear` acts on the last axis, which is the width of an image [channels, height, width]. "
        "What is meant is mostly a 1×1 convolution, which acts on the channels, or a `flatten` "
        "before it.",
        spec("  - linear: 10\n"),
        spec("  - flatten\n  - linear: 10\n"),
    ),
    "W202": Code(
        "a layer whose output nobody uses",
        "No layer reads it, and it is neither an output of the network nor a head, so what leads "
        "to it is computed in vain. Mostly a `from:` or an entry of `outputs` is missing. Only the "
        "last layer of such a branch is reported.",
        spec("  - relu: {name: a}\n  - tanh: {from: image}\n"),
        spec("  - relu: {name: a}\n  - tanh: {from: image}\n  - concat: [a, tanh]\n"),
    ),
    "W203": Code(
        "an input that nothing reads",
        "The first layer reads the first input; any other input is read by its name, with `from:` "
        "or as a path of a merge.",
        spec("  - relu\n", inputs="{image: [3, 8, 8], mask: [1, 8, 8]}"),
        spec("  - concat: [image, mask]\n  - relu\n", inputs="{image: [3, 8, 8], mask: [1, 8, 8]}"),
    ),
    "W204": Code(
        "a bias before batch norm",
        "Batch norm subtracts the mean of each channel, and with it whatever constant was added to "
        "the channel: the bias never has an effect and never learns. Batch norm has a bias of its "
        "own. The same goes for instance norm, but not for layer norm or group norm, whose mean "
        "is that of several channels, or for a frozen batch norm, which takes its running mean "
        "away. Pooling between the two changes nothing, and neither does a sum or a concat of "
        "channels. Keras's ResNets have such biases all the same; write "
        "`# archspec: ignore[W204]` where they are wanted.",
        spec("  - conv2d: {out_channels: 8, kernel_size: 3}\n  - batch_norm\n"),
        spec("  - conv2d: {out_channels: 8, kernel_size: 3, bias: false}\n  - batch_norm\n"),
    ),
    "W205": Code(
        "a stride that leaves out the last rows",
        "The size of the input is such that the last window ends before the input does: 2×2 "
        "pooling of 7×7 reads 6×6 of it. What padding adds is no loss, windows that leave values "
        "out all over, such as those smaller than their stride, do so on purpose, and convolutions "
        "may leave out less than a hundredth, as those of published networks do.",
        spec("  - max_pool2d: 2\n", inputs="{image: [3, 7, 7]}"),
        spec("  - max_pool2d: {kernel_size: 2, padding: same}\n", inputs="{image: [3, 7, 7]}"),
    ),
    "W206": Code(
        "an activation of what is activated already",
        "ReLU of what is never negative changes nothing, whether it comes from another ReLU, a "
        "sigmoid or a softmax, also by way of pooling, dropout or a merge of such values. A "
        "softmax of what a softmax has made does change it, but only evens out the probabilities.",
        spec("  - relu\n  - max_pool2d: 2\n  - relu\n"),
        spec("  - relu\n  - max_pool2d: 2\n"),
    ),
    "W207": Code(
        "linear layers with nothing between",
        "A linear map of a linear map is a linear map, f(f(x)) = Ax: two such layers in a row can "
        "learn nothing that one of them could not. Mostly an activation is missing. The same goes "
        "for two convolutions, unless they factor a larger one: a column and a row, groups, or "
        "fewer channels between them.",
        vector("  - linear: 8\n  - linear: 2\n"),
        vector("  - linear: 8\n  - relu\n  - linear: 2\n"),
    ),
    "W208": Code(
        "sigmoids in a deep hidden stack",
        "The slope of a sigmoid is 1/4 at most, so each one that the gradient passes on its way "
        "back leaves a quarter of it or less, and after three of them the first layers hardly "
        "learn (the vanishing gradient). ReLU, whose slope is 1, has replaced it in hidden layers. "
        "The last layer's sigmoid, gates, and stacks with normalisations or residuals are fine.",
        vector("  - linear: 8\n  - sigmoid\n" * 3 + "  - linear: 2\n"),
        vector("  - linear: 8\n  - relu\n" * 3 + "  - linear: 2\n"),
    ),
    "W209": Code(
        "an input whose channels seem to be last",
        "Shapes are [channels, height, width] here, as in PyTorch. [224, 224, 3], which is how "
        "Keras and files of pictures have it, would be 224 channels of 224×3. A kernel that is not "
        "as large along each axis, such as [3, 1], is taken to be meant for such a shape.",
        spec(
            "  - conv2d: {out_channels: 8, kernel_size: 3, padding: 1}\n",
            inputs="{image: [224, 224, 3]}",
        ),
        spec(
            "  - conv2d: {out_channels: 8, kernel_size: 3, padding: 1}\n",
            inputs="{image: [3, 224, 224]}",
        ),
    ),
}
