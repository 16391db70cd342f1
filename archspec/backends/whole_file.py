"""Writing a file whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file beside `path` and renames it, so that `path` is never half written.

    Raises:
        OSError: It cannot be written; nothing is left behind, and an old file is untouched.
    """
    if path.exists() and not path.is_file():
        raise OSError(None, "not a regular file", str(path))
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
