"""The specs that ship with the package."""

import os
from functools import cache
from pathlib import Path


@cache
def shipped_specs() -> dict[str, Path]:
    """Returns the files of the specs that ship with the package, by name."""
    package = Path(__file__).parent.parent
    # Inside an installed package, or beside it in a checkout.
    folder = next(f for f in (package / "specs", package.parent / "specs") if f.is_dir())
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def shortest(path: Path) -> str:
    """Returns the shorter of the ways to write a path: from here, or from the root."""
    relative = os.path.relpath(path)
    return relative if len(relative) < len(str(path)) else str(path)
