"""Writing a file whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file beside `path` and renames it, so that `path` is never half written.

    A link stays one: what it leads to is written.

    Raises:
        OSError: It cannot be written; nothing is left behind, and an old file is untouched.
    """
    target = Path(os.path.realpath(path))
    # What links in a circle lead to is a link itself.
    if (path.exists() or target.is_symlink()) and not path.is_file():
        raise OSError(None, "not a regular file", str(path))
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
