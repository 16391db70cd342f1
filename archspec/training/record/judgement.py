"""The pictures of an evaluation, as files of a directory and as parts of a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from archspec.training.data.dataset import Columns, Examples
from archspec.training.prediction.fonts import lacking
from archspec.training.prediction.picture_grid import grid
from archspec.training.record.class_results import Judged, class_results, confusion_csv
from archspec.training.record.evaluation import Evaluation
from archspec.training.record.figures.confusion import confusion_matrix
from archspec.training.record.figures.values import scatter
from archspec.training.record.shown_examples import (
    as_table,
    labels_table,
    shown_examples,
    values_table,
)

MOST_CLASSES = 1000
"""The most classes that a matrix is drawn of."""


class Judgement(NamedTuple):
    """What is shown of an evaluation.

    Attributes:
        files: The content of each file, by its name.
        for_page: The parts of a page, by the names of `Page`.
        notes: What is to be told of it.
    """

    files: Mapping[str, bytes]
    for_page: Mapping[str, Any]
    notes: tuple[str, ...] = ()


def judgement(
    evaluation: Evaluation, examples: Examples, columns: Columns | None = None
) -> Judgement:
    """Returns what is shown of an evaluation.

    Args:
        evaluation: The evaluation.
        examples: The examples that it is of.
        columns: The table that they come from, if they do.
    """
    empty = {"classes": (), "matrix": None, "scatter": None, "pictures": (), "predictions": None}
    if evaluation.judged is not None:
        made = _of_classes(evaluation.judged, examples, columns)
    elif evaluation.labelled is not None:
        table = labels_table(evaluation.labelled, examples, columns)
        made = Judgement({}, {"classes": evaluation.labelled.results(), "predictions": table})
    elif evaluation.outputs.shape == evaluation.targets.shape:
        drawn = scatter(evaluation.outputs, evaluation.targets)
        table = values_table(evaluation.outputs, evaluation.targets, examples, columns)
        made = Judgement({"values.png": drawn.png}, {"scatter": drawn.svg, "predictions": table})
    else:
        made = Judgement({}, {})
    page = {**empty, "of_what": evaluation.of_what, **made.for_page}
    return made._replace(for_page=page)


def _of_classes(judged: Judged, examples: Examples, columns: Columns | None) -> Judgement:
    confusion = judged.confusion()
    files = {"confusion.csv": confusion_csv(confusion, judged.classes)}
    page: dict[str, Any] = {"classes": class_results(confusion, judged.classes)}
    if len(judged.classes) <= MOST_CLASSES:
        drawn = confusion_matrix(confusion, judged.classes)
        files["confusion.png"] = drawn.png
        page["matrix"] = drawn.svg
    rows, features = shown_examples(judged, examples, columns)
    if features is not None:
        page["predictions"] = as_table(rows, features)
    elif rows:
        files["predictions.png"] = grid([row.cell for row in rows])
        page["pictures"] = [row.figure for row in rows]
    missing = lacking("".join(judged.classes))
    note = (
        f"no font here has the letters {missing[:20]}, so the pictures show boxes instead; "
        "install one (apt install fonts-nanum for Korean, or fonts-noto-cjk)"
    )
    return Judgement(files, page, (note,) if missing else ())
