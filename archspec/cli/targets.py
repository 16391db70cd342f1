"""Which specs the arguments of a command mean that takes several of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from archspec.cli.common import find_spec
from archspec.diagnostics import Diagnostic, SourceError, Span

WILD = "*?["
"""The characters of a pattern, should the shell not have expanded it."""


class Target(NamedTuple):
    """A spec to check.

    Attributes:
        path: Its file, or what was given if that is none.
        variant: The variant to apply.
        fault: Why it is no file.
    """

    path: str
    variant: str | None
    fault: Diagnostic | None = None


def is_pattern(spec: str) -> bool:
    """Returns whether an argument is a pattern of file names."""
    return any(character in spec for character in WILD) and not Path(spec).exists()


def targets(specs: Sequence[str], variant: str | None) -> list[Target]:
    """Returns the specs that arguments mean, in their order, each of them once."""
    found: dict[object, Target] = {}
    for spec in specs:
        for target in _targets(spec, variant):
            found.setdefault((os.path.realpath(target.path), target.variant), target)
    return [*found.values()]


def _targets(spec: str, variant: str | None) -> Iterator[Target]:
    if is_pattern(spec):
        yield from _matching(spec, variant)
    elif Path(spec).is_dir() and not (Path(spec) / "spec.yaml").is_file():
        help_ = f"name the specs in it: '{spec.rstrip('/')}/**/*.yaml'"
        yield _none(spec, f"cannot read {spec}: it is a directory", help_)
    else:
        try:
            yield Target(*find_spec(spec, variant))
        except SourceError as error:
            yield Target(spec, variant, error.diagnostic)


def _matching(pattern: str, variant: str | None) -> Iterator[Target]:
    """Yields the files and run directories that a pattern fits; a fault if it fits none."""
    from glob import glob  # a shell has mostly done this

    found = glob(pattern, recursive=True)  # noqa: PTH207 - Path.glob looks into hidden folders
    paths = sorted(p for p in found if Path(p).is_file() or (Path(p) / "spec.yaml").is_file())
    if not paths:
        help_ = "`**` stands for folders at any depth: 'specs/**/*.yaml'"
        yield _none(pattern, f"no file fits {pattern}", help_)
    for path in paths:
        yield Target(*find_spec(path, variant))


def _none(spec: str, message: str, help_: str) -> Target:
    return Target(spec, None, Diagnostic("E001", message, Span(spec), help_))
