"""What `archspec data` says, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from archspec.diagnostics.counted import counted
from archspec.diagnostics.terminal import cells, visible
from archspec.ir.types import shape_text

if TYPE_CHECKING:
    from archspec.training.data.column_summary import Column
    from archspec.training.data.data_summary import Part, Summary, Twin, Values

BAR = 30
"""How long the longest bar is."""

MOST_COLUMNS = 60
"""The most columns of a table that are printed for people."""

LONGEST = 24
"""The most columns that the name of a class takes."""


def lines_of(summary: Summary, folds: int | None = None) -> Iterator[str]:
    """Yields the lines for people: sizes, classes, values; of how many folds the splits are one."""
    number = sum(part.number for part in summary.parts.values())
    small, large = summary.shapes
    shapes = shape_text(small) if small == large else f"{shape_text(small)} to {shape_text(large)}"
    kind = counted(len(summary.classes), "class", "classes") if summary.classes else "values"
    yield f"{visible(summary.name)}: {counted(number, 'example', 'examples')} of {shapes}, {kind}"
    if folds:
        yield f"the splits are those of fold 1 of {folds}"
    yield ""
    yield from _classes(summary) if summary.classes else _targets(summary)
    yield ""
    yield f"before preprocessing  {_values(summary.before)}"
    after = f"after preprocessing   {_values(summary.after)}"
    yield after if summary.shape == small == large else f"{after}, {shape_text(summary.shape)}"


def lines_of_columns(columns: Sequence[Column]) -> Iterator[str]:
    """Yields the columns of a table with what they hold, for people."""
    rows = [
        [
            _shortened(visible(column.name)),
            column.kind,
            f"{column.missing:,}",
            f"{column.different:,}",
            *("" if value is None else f"{value:.4g}" for value in column[4:]),
        ]
        for column in columns[:MOST_COLUMNS]
    ]
    heads = ["column", "kind", "missing", "different", "lowest", "highest", "mean", "deviation"]
    widths = [max(map(cells, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        padded = [
            _padded(text, width) if at < 2 else " " * (width - cells(text)) + text
            for at, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(padded).rstrip()
    if len(columns) > MOST_COLUMNS:
        yield f"and {len(columns) - MOST_COLUMNS:,} columns more, which --format json has"


def warnings_of(summary: Summary) -> Iterator[str]:
    """Yields what may be wrong with the data."""
    for twin in summary.twins:
        yield _twin(twin)
    if summary.contradictions:
        told = counted(summary.contradictions, "example is", "examples are")
        yield f"{told} there with another class, too"
    missing = [
        (name, split)
        for split, part in summary.parts.items()
        for name, count in zip(summary.classes, part.classes, strict=bool(part.classes))
        if part.number and not count
    ]
    for name, split in missing[:5]:
        yield f"the class {name} has no examples in {split}"
    if len(missing) > 5:
        yield f"so it is with {len(missing) - 5:,} more"


def json_of(summary: Summary, columns: Sequence[Column]) -> dict[str, Any]:
    """Returns the object for programs."""
    return {
        "name": summary.name,
        "classes": list(summary.classes),
        "splits": {
            name: {
                "examples": part.number,
                "classes": dict(zip(summary.classes, part.classes, strict=bool(part.classes))),
                "targets": part.targets and _values_json(part.targets),
            }
            for name, part in summary.parts.items()
        },
        "imbalance": summary.imbalance,
        "smallest_shape": list(summary.shapes[0]),
        "largest_shape": list(summary.shapes[1]),
        "before_preprocessing": _values_json(summary.before),
        "shape": list(summary.shape),
        "after_preprocessing": _values_json(summary.after),
        "duplicates": [
            {"splits": list(twin.splits), "number": twin.number, "example": list(twin.example)}
            for twin in summary.twins
        ],
        "contradictions": summary.contradictions,
        "columns": [column._asdict() for column in columns],
    }


def _classes(summary: Summary) -> Iterator[str]:
    splits = [name for name, part in summary.parts.items() if part.number]
    names = [_shortened(visible(name)) for name in summary.classes]
    width = max(map(cells, [*names, "examples"]))
    most = max(max(part.classes) for part in summary.parts.values())
    yield " " * width + "".join(f"  {split:>10}" for split in splits)
    for number, name in enumerate(names):
        counts = [summary.parts[split].classes[number] for split in splits]
        bar = "█" * max(round(BAR * counts[0] / (most or 1)), bool(counts[0]))
        numbers = "".join(f"  {count:>10,}" for count in counts)
        yield f"{_padded(name, width)}{numbers}  {bar}".rstrip()
    totals = "".join(f"  {summary.parts[split].number:>10,}" for split in splits)
    yield f"{_padded('examples', width)}{totals}"
    if summary.imbalance is not None:
        if summary.imbalance == 1:
            yield "the classes of train are equally large"
        else:
            yield f"the largest class of train is {summary.imbalance:.3g} times the smallest"


def _targets(summary: Summary) -> Iterator[str]:
    for name, part in summary.parts.items():
        if part.targets:
            yield f"{name:<10}  {counted(part.number, 'example', 'examples')}: {_to_find(part)}"


def _to_find(part: Part) -> str:
    return f"targets {_values(part.targets)}" if part.targets else ""


def _values(values: Values) -> str:
    mean, std = _listed(values.mean), _listed(values.std)
    return f"{values.lowest:.6g} to {values.highest:.6g}, mean {mean}, deviation {std}"


def _listed(numbers: Sequence[float]) -> str:
    told = ", ".join(f"{number:.4g}" for number in numbers)
    return told if len(numbers) == 1 else f"[{told}]"


def _values_json(values: Values) -> dict[str, Any]:
    return {
        "lowest": values.lowest,
        "highest": values.highest,
        "mean": list(values.mean),
        "std": list(values.std),
    }


def _twin(twin: Twin) -> str:
    one, other = twin.splits
    number = counted(twin.number, "example", "examples")
    same = f"{twin.example[1]} is {twin.example[0]}"
    if one == other:
        return f"{number} of {one} {'is' if twin.number == 1 else 'are'} there before: {same}"
    return f"{number} of {other} {'is' if twin.number == 1 else 'are'} in {one}, too: {same}"


def _shortened(name: str) -> str:
    if cells(name) <= LONGEST:
        return name
    while cells(name) >= LONGEST:
        name = name[:-1]
    return f"{name}…"


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cells(text))
