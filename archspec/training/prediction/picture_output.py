"""The outputs of an image-to-image network as picture files, called as the inputs are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np

from archspec.backends.whole_file import write_whole
from archspec.ir.graph import Graph
from archspec.training.errors import OutputError
from archspec.training.loop.objective import ends_in
from archspec.training.prediction.given import Batch, Given, GivenPictures
from archspec.training.prediction.pictures import Preparation

SUFFIX = ".png"


class PictureOutput:
    """The pictures that a network makes.

    Attributes:
        written: How many have been written.
        cut: The largest share of a picture's values that its colours could not hold.
    """

    def __init__(
        self, graph: Graph, given: Given, preparation: Preparation, directory: Path
    ) -> None:
        """Decides where each picture goes.

        Raises:
            OutputError: A picture would replace one of the inputs.
        """
        self.written, self.cut = 0, 0.0
        self._main, self._preparation = next(iter(graph.outputs)), preparation
        self._shares = ends_in(graph, "sigmoid")
        self._paths = _paths(given, directory)
        _require_no_input(given, self._paths)

    def add(self, batch: Batch, outputs: Mapping[str, np.ndarray]) -> None:
        """Writes the pictures of a batch.

        Raises:
            TrainingError: The outputs cannot be pictures.
            OSError: A file cannot be written.
        """
        for at, output in zip(batch.places, outputs[self._main], strict=True):
            picture, cut = self._preparation.picture(output, share=self._shares)
            content = BytesIO()
            picture.save(content, "PNG")
            self._paths[at].parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._paths[at], content.getvalue())
            self.written += 1
            self.cut = max(self.cut, cut)


def _paths(given: Given, directory: Path) -> list[Path]:
    """Returns a file for each example, two inputs of one name told apart by numbers."""
    if isinstance(given, GivenPictures):
        places = [file.place for file in given.found]
    else:
        places = [Path(str(index)) for index in given.indices]
    taken: set[Path] = set()
    paths = []
    for place in places:
        path, number = directory / f"{place}{SUFFIX}", 2
        while path in taken:
            path, number = directory / f"{place}-{number}{SUFFIX}", number + 1
        taken.add(path)
        paths.append(path)
    return paths


def _require_no_input(given: Given, paths: Sequence[Path]) -> None:
    if not isinstance(given, GivenPictures):
        return
    inputs = {file.source.resolve() for file in given.found if isinstance(file.source, Path)}
    for path in paths:
        if path.resolve() in inputs:
            raise OutputError(
                f"the output {path} would replace the input", "name another directory: -o DIR"
            )
