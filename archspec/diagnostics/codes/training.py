"""The codes of a network that does not suit its data or its loss: W4."""

from archspec.diagnostics.codes.model import Code, spec

_DATA = "train: {data: {dataset: iris}, epochs: 1}\n"


def _iris(layers: str) -> str:
    return spec(layers, _DATA, "{measurements: [4]}")


CODES: dict[str, Code] = {
    "W401": Code(
        "output units unlike the number of classes",
        "A classifier that is trained with cross-entropy has one output unit for each class of its "
        "data, the heads included. With two classes, these are two units; with binary "
        "cross-entropy, one is enough.",
        _iris("  - linear: 4\n"),
        _iris("  - linear: 3\n"),
    ),
    "W402": Code(
        "a loss that applies softmax twice",
        "Cross-entropy applies softmax itself. A softmax that is the very last layer is fine: "
        "training leaves it out of the loss. One that is followed by another layer, such as "
        "`flatten`, stays in, and so does a sigmoid: the loss then gets scores between 0 and 1, "
        "which softmax turns into nearly equal probabilities. With binary cross-entropy it is a "
        "sigmoid that may be the very last layer.",
        _iris("  - linear: 3\n  - softmax\n  - flatten\n"),
        _iris("  - linear: 3\n  - flatten\n  - softmax\n"),
    ),
}
