"""Where the files of a known data set are on this machine, and how they get there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from archspec.training.data.sources.known import Known
from archspec.training.errors import UnreadableError

VARIABLE = "ARCHSPEC_DATA"
"""The environment variable that names the directory of data sets."""

USUAL = (Path("data"), Path("~/.keras/datasets"), Path("/usr/share/datasets"))
"""Where torchvision's users, Keras and Debian put data sets."""


def directories(known: Known, root: str | None) -> Iterator[Path]:
    """Yields where the files of a data set may be.

    Args:
        known: The data set.
        root: The directory that the spec names, which is the only one then.
    """
    if root is not None:
        yield Path(root)
        bases: tuple[Path, ...] = (Path(root),)
    else:
        bases = (_home(), *USUAL)
    for base in bases:
        for folder in known.folders:
            yield base.expanduser() / folder


def download(name: str, known: Known, root: str | None) -> Path:
    """Downloads the files of a data set, and returns their directory.

    Each is written aside and given its name once its sum is right, so that none is half there.

    Raises:
        UnreadableError: They cannot be got, or are not what they should be, or not be written.
    """
    import pooch

    directory = Path(root) if root else _home() / known.folders[0]
    pooch.get_logger().setLevel("ERROR")
    try:
        for file, checksum in known.files.items():
            pooch.retrieve(known.address + file, f"md5:{checksum}", file, directory)
    except ValueError as error:  # pooch's for a wrong sum
        raise UnreadableError(
            f"what {known.address} gives for {name} is not the data set", missing_help(name, known)
        ) from error
    except OSError as error:  # requests' faults are among them
        told = error.strerror or type(error).__name__
        raise UnreadableError(
            f"{name} is not on this machine, and cannot be downloaded from {known.address} to "
            f"{directory}: {told}",
            missing_help(name, known),
        ) from error
    return directory


def missing_help(name: str, known: Known) -> str:
    """Returns what to do where a data set is not there."""
    files = ", ".join(known.files)
    package = f", or install Debian's package {known.package}" if known.package else ""
    return (
        f"put {files} into a directory and name it in train.data: {{dataset: {name}, "
        f"root: DIR}}{package}"
    )


def _home() -> Path:
    """Returns where data sets are kept that archspec has downloaded."""
    said = os.environ.get(VARIABLE)
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(said).expanduser() if said else Path(cache).expanduser() / "archspec"
