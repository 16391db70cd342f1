"""The pictures that a report shows with what was predicted of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import NamedTuple, TypeAlias

import numpy as np
from PIL import Image

from archspec.training.data.dataset import Examples
from archspec.training.errors import UnreadableError
from archspec.training.prediction.picture_grid import Cell, Line
from archspec.training.prediction.picture_scale import pictures_of
from archspec.training.record.class_results import Judged, Labelled
from archspec.training.record.pages import png_source

MOST = 5
"""The most labels that are told of a picture."""

NONE = "none"

_SIDE = 160
"""Pictures are made no larger than this."""


Told: TypeAlias = tuple[Sequence[tuple[str, float]], str, bool]
"""What was said of an example, what is true of it, and whether that is the same."""


class Pictured(NamedTuple):
    """A prediction with its example as a picture.

    Attributes:
        picture: The example, as it is before preprocessing.
        number: Where it stands in the data set.
        said: The class, or the labels, that were predicted, each with its probability.
        true: What is true.
        right: Whether that was predicted.
    """

    picture: Image.Image
    number: int
    said: Sequence[tuple[str, float]]
    true: str
    right: bool

    @property
    def cell(self) -> Cell:
        """Itself in a grid of pictures."""
        said: list[Line] = [(name, f" ({likely:.0%})") for name, likely in self.said[:MOST]]
        truth = [] if self.right else [f"true: {self.true}"]
        return Cell(self.picture, [*(said or [NONE]), *self._more, *truth], self.right)

    @property
    def figure(self) -> dict[str, object]:
        """Itself on a page."""
        picture = self.picture.copy()
        picture.thumbnail((_SIDE, _SIDE))
        content = BytesIO()
        picture.save(content, "PNG", optimize=True)
        said = [(name, f"{likely:.1%}") for name, likely in self.said[:MOST]]
        return {
            "source": png_source(content.getvalue()),
            "small": max(picture.size) < _SIDE,
            "number": self.number,
            "right": self.right,
            "said": [*(said or [(NONE, "")]), *((more, "") for more in self._more)],
            "true": self.true,
        }

    @property
    def _more(self) -> list[str]:
        return [f"and {len(self.said) - MOST:,} more"] if len(self.said) > MOST else []


def class_pictures(judged: Judged, examples: Examples, places: Sequence[int]) -> list[Pictured]:
    """Returns some examples with the class that was predicted; none if they are no pictures.

    Args:
        judged: What was said of the examples.
        examples: The examples, in the same order.
        places: Which of them.
    """

    def told(at: int) -> Told:
        best = judged.classes[judged.predicted[at]]
        said = [(best, float(judged.likely[at]))]
        return said, judged.classes[judged.true[at]], bool(judged.right[at])

    return _pictured(examples, places, told)


def label_pictures(labelled: Labelled, examples: Examples, places: Sequence[int]) -> list[Pictured]:
    """Returns some examples with the labels that were predicted; none if they are no pictures.

    Args:
        labelled: What was said of the examples.
        examples: The examples, in the same order.
        places: Which of them.
    """
    names = np.array(labelled.names)

    def told(at: int) -> Told:
        found = labelled.said[at]
        said = zip(names[found].tolist(), labelled.likely[at][found].tolist(), strict=True)
        return [*said], ", ".join(names[labelled.true[at]]) or NONE, not labelled.mistakes[at]

    return _pictured(examples, places, told)


def _pictured(
    examples: Examples, places: Sequence[int], told: Callable[[int], Told]
) -> list[Pictured]:
    pictures = _pictures(examples, places)
    return [
        Pictured(picture, int(examples.indices[at]), *told(at))
        for at, picture in zip(places, pictures, strict=bool(pictures))
    ]


def _pictures(examples: Examples, places: Sequence[int]) -> list[Image.Image]:
    """Returns some examples as pictures, as the network takes them where their files are gone."""
    try:
        return pictures_of(examples.given(places)) or [] if places else []
    except UnreadableError:
        return pictures_of(examples._replace(raw=None).given(places)) or []
