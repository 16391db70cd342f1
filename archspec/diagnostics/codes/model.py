"""What is documented of a code, and the spec that most examples are made of."""

from typing import NamedTuple


class Code(NamedTuple):
    """The documentation of one code.

    Attributes:
        title: The fault in a few words.
        text: What it means and how to mend it.
        example: A spec that has the fault; empty where only a file system can.
        mended: The spec without the fault; empty where there is no example.
    """

    title: str
    text: str
    example: str = ""
    mended: str = ""


def spec(layers: str, before: str = "", inputs: str = "{image: [3, 8, 8]}") -> str:
    """Returns a spec of some layers, with what else it says before them."""
    return f"name: example\ninputs: {inputs}\n{before}layers:\n{layers}"


def vector(layers: str, before: str = "") -> str:
    """Returns a spec of some layers whose input has a single axis."""
    return spec(layers, before, "{x: [4]}")
