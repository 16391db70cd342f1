"""Files of pictures: found in directories, and read, whatever is the matter with one of them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageOps, UnidentifiedImageError

from archspec.training.errors import UnreadableError
from archspec.training.prediction.picture_colours import plain

STRANGE = {"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF"}
"""What Pillow knows but cannot read by itself; for one of these it would run a program."""

ANIMATED = "animated"
"""What is stored with a picture that is the first of several in its file."""

STEREO = "MPO"
"""A photograph with others of the same scene behind it: a camera's, and not an animation."""

LAYERED = "PSD"
"""A picture and the layers that it was made of."""


class PictureFile(NamedTuple):
    """A picture that has not been read.

    Attributes:
        name: What it is called: its path, or a word where it has none.
        source: The file, or its content.
        folder: The directory that it is in, below the one that was given: its class, perhaps.
        place: Where it stands below what was given, without its suffix.
    """

    name: str
    source: Path | bytes
    folder: str
    place: Path


def picture_files(path: Path) -> list[PictureFile]:
    """Returns a picture, or all pictures in a directory and those below it.

    Raises:
        UnreadableError: It is not there, or cannot be read, or holds no pictures.
    """
    try:
        if not path.is_dir():
            return [PictureFile(str(path), _source(path), "", Path(path.stem))]
        found = sorted(_below(path, frozenset()))
    except OSError as error:
        place = error.filename or path
        raise UnreadableError(f"cannot read {place}: {error.strerror or error}") from error
    if not found:
        raise UnreadableError(
            f"{path} holds no images", "give a directory with files such as .png or .jpg"
        )
    inner = [file.relative_to(path) for file in found]
    return [
        PictureFile(str(file), file, place.parts[0] if len(place.parts) > 1 else "",
                    place.with_suffix(""))
        for file, place in zip(found, inner, strict=True)
    ]  # fmt: skip


def _source(path: Path) -> Path | bytes:
    """Returns a file that is there, or what comes through a pipe, which can be read once."""
    if path.is_fifo():
        return path.read_bytes()
    with path.open("rb"):
        return path


def _below(directory: Path, above: frozenset[Path]) -> Iterator[Path]:
    """Yields the pictures below a directory; what hides is left out, as are other files.

    Args:
        directory: The directory.
        above: Those that it is in, to which a link may lead back.
    """
    here = above | {directory.resolve()}
    kinds = {*readable(), STEREO}
    suffixes = {suffix for suffix, kind in Image.registered_extensions().items() if kind in kinds}
    for path in directory.iterdir():
        if path.name.startswith("."):
            continue
        if path.is_dir():
            if path.resolve() not in here:
                yield from _below(path, here)
        elif path.suffix.lower() in suffixes and (path.is_file() or not path.exists()):
            yield path  # a link that leads nowhere, too: it is told when it is read


def readable() -> list[str]:
    """Returns the formats of pictures that can be read, as Pillow calls them."""
    Image.init()
    return [kind for kind in Image.OPEN if kind not in STRANGE]


def read_picture(file: PictureFile) -> Image.Image:
    """Returns a picture the right way up, in one of the modes `L`, `LA`, `RGB` and `RGBA`.

    Of several in a file it is the first one, which has `ANIMATED` in its `info` then.

    Raises:
        UnreadableError: It cannot be read, or is not whole, or is none, or its pixels do not
            say what colours they are.
    """
    source = BytesIO(file.source) if isinstance(file.source, bytes) else file.source
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Of its size: a picture that fills the memory is a fault here and no warning.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(source, formats=readable()) as image:
                image.load()
                alone = image.format in (STEREO, LAYERED)
                several = not alone and getattr(image, "is_animated", False)
                upright = ImageOps.exif_transpose(image)
    except MemoryError:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise UnreadableError(
            f"{file.name} has more than {Image.MAX_IMAGE_PIXELS or 0:,} pixels",
            "make it smaller, or leave it out",
        ) from error
    except Exception as error:  # what a file holds can make Pillow fail in any way
        if isinstance(error, OSError) and error.strerror:
            raise UnreadableError(f"cannot read {file.name}: {error.strerror}") from error
        unknown = isinstance(error, UnidentifiedImageError)
        what = "an image that Pillow can read" if unknown else "a whole image"
        raise UnreadableError(f"{file.name} is not {what}", "mend it, or leave it out") from error
    made = plain(upright, file.name)
    if several:
        made.info[ANIMATED] = True
    return made
