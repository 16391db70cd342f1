"""The `inputs` section: names and shapes, known or symbolic."""

from archspec.diagnostics import Diagnostic, Span
from archspec.frontend.arguments import Unknown, as_text, is_formula
from archspec.frontend.names import name_fault
from archspec.frontend.reader import Reader
from archspec.frontend.tree import Items, Scalar, Table, Tree, plain
from archspec.ir.dim import Dim, Size
from archspec.ir.types import TensorType

MAX_SIZE = 2**31 - 1
"""The largest size of an input along one axis."""

MAX_AXES = 16
"""The most axes of an input."""

_FLOAT = Scalar("float32", Span(""))


def input_types(
    table: Table, reader: Reader, report: list[Diagnostic]
) -> dict[str, TensorType | None]:
    """Returns the type of each input; `None` for one that is faulty."""
    types: dict[str, TensorType | None] = {}
    for name, (key, shape) in table.entries.items():
        fault = name_fault(name, key.span)
        if fault:
            report.append(fault)
        types[name] = _type(shape, reader, report)
    return types


def _type(tree: Tree, reader: Reader, report: list[Diagnostic]) -> TensorType | None:
    shape = tree.get("shape") if isinstance(tree, Table) else tree
    dtype = plain(tree.get("dtype") or _FLOAT) if isinstance(tree, Table) else "float32"
    if not isinstance(shape, Items):
        return None
    if len(shape.items) > MAX_AXES:
        message = f"an input has at most {MAX_AXES} axes, not {len(shape.items)}"
        help_ = "no operator takes as many; join some of them"
        report.append(Diagnostic("E103", message, shape.span, help_))
        return None
    sizes = [_size(size, reader, report) for size in shape.items]
    known = [size for size in sizes if size is not None]
    return TensorType.of_example(tuple(known), str(dtype)) if len(known) == len(sizes) else None


def _size(tree: Tree, reader: Reader, report: list[Diagnostic]) -> Size | None:
    try:
        value = reader.evaluator.value(tree, reader.file_value)
    except Unknown:
        return None
    if isinstance(value, str) and value.isidentifier() and value != "batch":
        return Dim.of(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_SIZE:
        return value
    if isinstance(value, int) and value > MAX_SIZE:
        help_ = f"a size is at most {MAX_SIZE:,}: PyTorch counts with 32 bits in places"
        report.append(Diagnostic("E103", "no input is as large as this", tree.span, help_))
    elif isinstance(tree, Scalar) and is_formula(tree):
        message = f"a size must be a positive integer or a name, not `{as_text(value)}`"
        help_ = "round a fraction with `//` or `round(…)`"
        report.append(Diagnostic("E103", message, tree.span, help_))
    elif value == "batch":
        help_ = "`batch` is the size of the batch, which every input has; leave it out"
        report.append(Diagnostic("E103", "a size cannot be called `batch`", tree.span, help_))
    return None  # anything else is a fault that the schema reports
