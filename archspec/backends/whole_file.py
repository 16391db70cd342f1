"""Writing files whole or not at all."""

from __future__ import annotations

import glob
import os
import platform
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file beside `path` and renames it, so that `path` is never half written.

    A link stays one: what it leads to is written.

    Raises:
        OSError: It cannot be written; nothing is left behind, and an old file is untouched.
    """
    write_all_whole({path: [content]})


def write_all_whole(files: Mapping[Path, Iterable[bytes | memoryview]]) -> None:
    """Writes several files as `write_whole` writes one; none is replaced before all are written.

    Args:
        files: What each file holds, in pieces.

    Raises:
        OSError: One cannot be written; nothing is left behind, and old files are untouched.
    """
    targets = {_target(path): pieces for path, pieces in files.items()}
    parts = {target: target.with_name(f".{target.name}.{os.getpid()}.part") for target in targets}
    try:
        for target, pieces in targets.items():
            with parts[target].open("wb") as part:
                part.writelines(pieces)
        for target, finished in parts.items():
            finished.replace(target)
    finally:
        for finished in parts.values():
            finished.unlink(missing_ok=True)


@contextmanager
def staged(path: Path) -> Iterator[Path]:
    """Yields a path to write to, in a directory beside `path`, until the content has been proved.

    Then what is in the directory replaces what is beside `path` under the same names. If
    anything goes wrong, nothing is left behind and old files are untouched.

    Raises:
        OSError: A file cannot be written.
    """
    target = _target(path)
    with folder_beside(target) as folder:
        yield folder / target.name
        parts = sorted(folder.iterdir(), key=lambda part: part.name == target.name)
        for part in parts:  # the file itself last, which others belong to
            part.replace(target.with_name(part.name))


@contextmanager
def folder_beside(target: Path) -> Iterator[Path]:
    """Yields a hidden directory beside `target`, which is removed afterwards.

    Those that processes left behind which were killed on this machine are removed too.

    Raises:
        OSError: None can be made there.
    """
    prefix = f".{target.name}.{platform.node()}."
    for folder in target.parent.glob(f"{glob.escape(prefix)}*.*"):
        process = folder.name.removeprefix(prefix).partition(".")[0]
        if process.isdecimal() and _is_over(int(process)):
            shutil.rmtree(folder, ignore_errors=True)
    with TemporaryDirectory(prefix=f"{prefix}{os.getpid()}.", dir=target.parent) as made:
        yield Path(made)


def _is_over(process: int) -> bool:
    """Returns whether there is no process of that number on this machine, if that can be told."""
    if os.name != "posix":  # where asking would interrupt it
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:  # it is somebody else's
        pass
    return False


def _target(path: Path) -> Path:
    target = Path(os.path.realpath(path))
    # What links in a circle lead to is a link itself.
    if (path.exists() or target.is_symlink()) and not path.is_file():
        raise OSError(None, "not a regular file", str(path))
    return target
