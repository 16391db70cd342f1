"""The pictures of an evaluation, as files of a directory and as parts of a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from archspec.training.data.dataset import Columns, Examples
from archspec.training.prediction.fonts import lacking
from archspec.training.prediction.picture_grid import grid
from archspec.training.record.class_results import (
    Judged,
    Labelled,
    class_results,
    confusion_csv,
)
from archspec.training.record.evaluation import Evaluation
from archspec.training.record.figures.confusion import confusion_matrix
from archspec.training.record.figures.values import scatter
from archspec.training.record.shown_examples import (
    SUREST,
    WORST,
    classes_table,
    labels_table,
    surest,
    values_table,
    worst,
)
from archspec.training.record.shown_pictures import Pictured, class_pictures, label_pictures

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
        made = _of_labels(evaluation.labelled, examples, columns)
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
    places = surest(judged)
    if pictures := class_pictures(judged, examples, places):
        page |= _page_of(pictures, SUREST)
        files["predictions.png"] = grid([picture.cell for picture in pictures])
    elif places:
        page["predictions"] = classes_table(judged, examples, columns, places)
    return Judgement(files, page, _unwritten(judged.classes))


def _of_labels(labelled: Labelled, examples: Examples, columns: Columns | None) -> Judgement:
    places, page = worst(labelled), {"classes": labelled.results()}
    if pictures := label_pictures(labelled, examples, places):
        files = {"predictions.png": grid([picture.cell for picture in pictures])}
        return Judgement(files, page | _page_of(pictures, WORST), _unwritten(labelled.names))
    return Judgement({}, page | {"predictions": labels_table(labelled, examples, columns, places)})


def _page_of(pictures: Sequence[Pictured], note: str) -> dict[str, Any]:
    return {
        "pictures": [picture.figure for picture in pictures],
        "predictions": {"note": note},
    }


def _unwritten(names: Sequence[str]) -> tuple[str, ...]:
    """Returns what is to be told of the letters of names that no font has."""
    missing = lacking("".join(names))
    note = (
        f"no font here has the letters {missing[:20]}, so the pictures show boxes instead; "
        "install one (apt install fonts-nanum for Korean, or fonts-noto-cjk)"
    )
    return (note,) if missing else ()
