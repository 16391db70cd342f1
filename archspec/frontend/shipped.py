"""The specs that ship with the package."""

import os
from functools import cache
from pathlib import Path

from archspec.frontend import loader
from archspec.frontend.tree import Table


def shipped_folder() -> Path:
    """Returns the folder of the specs that ship with the package."""
    package = Path(__file__).parent.parent
    # Inside an installed package, or beside it in a checkout.
    return next(f for f in (package / "specs", package.parent / "specs") if f.is_dir())


@cache
def shipped_specs() -> dict[str, Path]:
    """Returns the files of the specs that ship with the package, by name."""
    return {path.stem: path for path in sorted(shipped_folder().glob("*.yaml"))}


@cache
def shipped_variants() -> dict[str, tuple[str, ...]]:
    """Returns the names of the specs that have them, by the names of their variants."""
    found: dict[str, tuple[str, ...]] = {}
    for name, path in shipped_specs().items():
        tree = loader.parse(loader.read(str(path)), str(path), [])
        variants = tree.get("variants") if isinstance(tree, Table) else None
        for variant in variants.entries if isinstance(variants, Table) else ():
            found[variant] = (*found.get(variant, ()), name)
    return found


def is_shipped(name: str) -> bool:
    """Returns whether a spec that ships with the package, or a variant of one, is called so."""
    return name in shipped_specs() or name in shipped_variants()


def shortest(path: Path) -> str:
    """Returns the shorter of the ways to write a path: from here, or from the root."""
    relative = os.path.relpath(path)
    return relative if len(relative) < len(str(path)) else str(path)
