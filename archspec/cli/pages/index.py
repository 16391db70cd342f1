"""The list of all that can be explained, and the page of a field that operators share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from archspec import ops
from archspec.cli.pages.layout import WIDTH, columns, filled, section
from archspec.diagnostics.codes import CODES
from archspec.frontend.topics import TOPICS
from archspec.ir.op import Operator
from archspec.ops.base.activation import Activation

_FAMILIES: Mapping[str, tuple[str, ...]] = {
    "random while training": ("random", "drop", "noise"),
    "convolution": ("conv",),
    "pooling": ("pool", "subsample"),
    "normalisation": ("norm",),
    "sequences": ("lstm", "gru", "rnn", "attention", "embedding", "token"),
    "padding, cropping, resizing": ("pad", "crop", "upsample", "shuffle"),
}
"""Families of operators, by words of their names."""


def index_page() -> str:
    """Returns the list of topics, operators and codes."""
    topics = section("the language", columns({name: t.title for name, t in TOPICS.items()}))
    operators = section("operators", "\n".join(_families()))
    titles = {name: CODES[name].title for name in sorted(CODES)}
    codes = section("errors and warnings", columns(titles))
    more = (
        "`archspec explain SUBJECT` explains one of these, and any key, field or function of the\n"
        "language; it knows what Keras and PyTorch call them too."
    )
    return "\n\n".join([topics, operators, codes, more])


def field_page(field: str, among: Iterable[str] | None = None) -> str:
    """Returns what a field is in each operator, or each of some, that has it; empty if none has."""
    users: dict[str, list[str]] = {}
    for name in ops.names() if among is None else among:
        info = ops.find(name).model_fields.get(field)
        if info is not None:
            users.setdefault(info.description or "", []).append(name)
    rows = [
        f"{filled(text, 0, WIDTH - 2)}\n{filled('    ' + ', '.join(names), 4, WIDTH - 2)}"
        for text, names in users.items()
    ]
    return section(f"{field}: a field of operators", "\n".join(rows)) if rows else ""


def _families() -> Iterator[str]:
    members: dict[str, list[str]] = {}
    for name in ops.names():
        members.setdefault(_family(ops.find(name)), []).append(name)
    for family in sorted(members, key=lambda name: (name == "others", name)):
        yield filled(f"{family}: {', '.join(members[family])}", 4, WIDTH - 2)


def _family(op: type[Operator]) -> str:
    for family, words in _FAMILIES.items():
        if any(word in op.kind() for word in words):
            return family
    if issubclass(op, Activation):
        return "activation"
    if op.variadic or len(op.input_names) > 1:
        return "merging and comparing"
    return "reshaping and selecting" if op.any_dtype else "others"
