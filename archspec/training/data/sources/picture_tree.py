"""Pictures in directories, or in the directories of a zip file, which is not unpacked."""

from __future__ import annotations

import os
import unicodedata
import zipfile
import zlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from PIL import Image

from archspec.training.errors import UnreadableError
from archspec.training.prediction.picture_files import STEREO, PictureFile, picture_files, readable

LARGEST = 2**28
"""More bytes than a file of a picture has; what is larger once unpacked is refused."""

MACINTOSH = "__MACOSX"
"""The directory in which macOS keeps what no other system needs."""

UTF8 = 0x800
"""The bit of a zip file's entry that says that its name is UTF-8."""

ENCODINGS = ("utf-8", "cp949")
"""What names are in that do not say so: macOS's, and those of Korean Windows."""


class Picture(NamedTuple):
    """A picture below a directory.

    Attributes:
        place: Where it is, in Unicode's composed form, from the top of the tree.
        path: Its file, or the zip file.
        member: Its name in the zip file.
    """

    place: PurePosixPath
    path: Path
    member: str | None = None

    @property
    def called(self) -> str:
        """What a message calls it."""
        return str(self.path) if self.member is None else f"{self.path}: {self.place}"

    def file(self) -> PictureFile:
        """Returns it to be read.

        Raises:
            UnreadableError: It cannot be unpacked.
        """
        place = Path(self.place)
        if self.member is None:
            return PictureFile(self.called, self.path, "", place)
        return PictureFile(self.called, _unpacked(self), "", place)


class PictureTree(NamedTuple):
    """All pictures below a directory.

    Attributes:
        path: The directory, or the zip file.
        pictures: The pictures, in the order of their places.
        folders: All directories, also those without pictures, by their places.
    """

    path: Path
    pictures: Sequence[Picture]
    folders: frozenset[PurePosixPath]


def picture_tree(path: Path) -> PictureTree:
    """Returns the pictures below a directory or in a zip file; what hides is left out.

    Raises:
        UnreadableError: It is neither, or cannot be read, or holds no pictures.
    """
    made = _directory(path) if path.is_dir() else _zip(path)
    if not made.pictures:
        raise UnreadableError(
            f"{path} holds no images",
            "give a directory, or a zip file, with one directory of images for each class",
        )
    return made._replace(pictures=sorted(made.pictures, key=lambda picture: picture.place))


def _directory(path: Path) -> PictureTree:
    pictures = [
        Picture(_composed(file.source.relative_to(path).as_posix()), file.source)
        for file in picture_files(path)
        if isinstance(file.source, Path)
    ]
    folders = set()
    for directory, inner, _ in os.walk(path):
        inner[:] = [name for name in inner if not name.startswith(".")]
        below = Path(directory).relative_to(path)
        folders |= {_composed((below / name).as_posix()) for name in inner}
    return _visible(path, pictures, folders)


def _zip(path: Path) -> PictureTree:
    try:
        entries = _opened(path, path.stat().st_mtime_ns, os.getpid()).infolist()
    except (zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise UnreadableError(
            f"{path} is not a whole zip file", "give a directory of images, or a zip file of one"
        ) from error
    except OSError as error:
        raise UnreadableError(f"cannot read {path}: {error.strerror or error}") from error
    suffixes = _suffixes()
    pictures, folders = [], set()
    for entry in entries:
        place = _composed(_name(entry))
        folders |= {*place.parents} if not entry.is_dir() else {place, *place.parents}
        if not entry.is_dir() and place.suffix.lower() in suffixes:
            pictures.append(Picture(place, path, entry.filename))
    return _visible(path, pictures, folders - {PurePosixPath(".")})


def _visible(path: Path, pictures: Sequence[Picture], folders: set[PurePosixPath]) -> PictureTree:
    return PictureTree(
        path,
        [picture for picture in pictures if not _hides(picture.place)],
        frozenset(folder for folder in folders if not _hides(folder)),
    )


def _hides(place: PurePosixPath) -> bool:
    return any(part.startswith(".") or part == MACINTOSH for part in place.parts)


def _composed(place: str) -> PurePosixPath:
    """Returns a place with its letters composed: macOS takes Hangul syllables apart."""
    return PurePosixPath(unicodedata.normalize("NFC", place))


def _name(entry: zipfile.ZipInfo) -> str:
    if entry.flag_bits & UTF8:
        return entry.filename
    raw = entry.filename.encode("cp437")  # what Python has read it as
    for encoding in ENCODINGS:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return entry.filename


def _suffixes() -> set[str]:
    kinds = {*readable(), STEREO}
    return {suffix for suffix, kind in Image.registered_extensions().items() if kind in kinds}


@lru_cache(maxsize=4)
def _opened(path: Path, changed: int, process: int) -> zipfile.ZipFile:  # noqa: ARG001 - keys
    """Returns a zip file: each process has one of its own, for each has its own place in it."""
    return zipfile.ZipFile(path)


def _unpacked(picture: Picture) -> bytes:
    try:
        archive = _opened(picture.path, picture.path.stat().st_mtime_ns, os.getpid())
        with archive.open(str(picture.member)) as file:
            content = file.read(LARGEST + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError) as error:
        raise UnreadableError(f"{picture.called} is not whole", "pack the file anew") from error
    except RuntimeError as error:  # zipfile's for a password
        raise UnreadableError(f"{picture.called} is encrypted", "pack it without") from error
    except OSError as error:
        told = error.strerror or error
        raise UnreadableError(f"cannot read {picture.path}: {told}") from error
    if len(content) > LARGEST:
        raise UnreadableError(
            f"{picture.called} has more than {LARGEST:,} bytes once it is unpacked", "leave it out"
        )
    return content
