"""The values of a judgement: what a rule finds, where, and what it knows of training."""

from typing import NamedTuple, TypeAlias

from archspec.diagnostics import Span
from archspec.ir.graph import Node

Place: TypeAlias = Node | Span | str
"""A layer, a place in the `train` section, or an input by its name."""


class Training(NamedTuple):
    """What rules need of a spec's `train` section.

    Attributes:
        classes: How many classes the data have, if that is known without opening them.
        classes_from: What says so, such as `the data set iris`.
        classes_span: Where.
        loss: The name of the loss.
        loss_span: Where it is said.
    """

    classes: int | None
    classes_from: str
    classes_span: Span
    loss: str
    loss_span: Span


class Finding(NamedTuple):
    """Something that is legal but surely wrong.

    Attributes:
        code: The warning's code.
        message: What is wrong, in one line.
        help: What to do about it.
        at: Where.
        others: Further places that show why, and what to say there.
    """

    code: str
    message: str
    help: str
    at: Place
    others: tuple[tuple[Place, str], ...] = ()


def named(node: Node) -> str:
    """Returns how a message calls a layer: by its path, and its operator unless that says it."""
    kind = node.op.kind()
    if node.path.rpartition(".")[2].startswith(kind):
        return f"`{node.path}`"
    return f"`{node.path}` ({kind})"
