"""The specs that ship with the package."""

import os
from functools import cache
from pathlib import Path

from archspec.frontend import loader
from archspec.frontend.tree import Table


@cache
def shipped_specs() -> dict[str, Path]:
    """Returns the files of the specs that ship with the package, by name."""
    package = Path(__file__).parent.parent
    # Inside an installed package, or beside it in a checkout.
    folder = next(f for f in (package / "specs", package.parent / "specs") if f.is_dir())
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


@cache
def shipped_variants() -> dict[str, str]:
    """Returns the names of the specs that have them, by the names of their variants."""
    found: dict[str, str] = {}
    for name, path in shipped_specs().items():
        tree = loader.parse(loader.read(str(path)), str(path), [])
        variants = tree.get("variants") if isinstance(tree, Table) else None
        found |= dict.fromkeys(variants.entries if isinstance(variants, Table) else (), name)
    return found


def shortest(path: Path) -> str:
    """Returns the shorter of the ways to write a path: from here, or from the root."""
    relative = os.path.relpath(path)
    return relative if len(relative) < len(str(path)) else str(path)
