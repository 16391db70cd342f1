"""Which specs the arguments of a command mean that takes several of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from archspec.cli.common import USAGE, CommandError, find_spec
from archspec.diagnostics import Diagnostic, SourceError, Span
from archspec.frontend.shipped import is_shipped

WILD = "*?["
"""The characters of a pattern, should the shell not have expanded it."""

MOST = 10_000
"""The most files of one pattern; whoever means more has probably named the wrong folder."""


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
    return any(character in spec for character in WILD) and not os.path.lexists(spec)


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
    elif _is_directory(spec) and not is_shipped(spec):
        help_ = f"name the specs in it: '{spec.rstrip('/')}/**/*.yaml'"
        yield _none(spec, f"cannot read {spec}: it is a directory", help_)
    else:
        try:
            yield Target(*find_spec(spec, variant))
        except SourceError as error:
            yield Target(spec, variant, error.diagnostic)


def _matching(pattern: str, variant: str | None) -> Iterator[Target]:
    """Yields the files and run directories that a pattern fits; a fault if it fits none.

    Raises:
        CommandError: It fits too many.
    """
    paths = sorted(p for p in _fitting(pattern) if os.path.isfile(p) or _holds_spec(p))  # noqa: PTH113
    if len(paths) > MOST:
        message = f"{len(paths):,} files fit {pattern}, which is more than {MOST:,}"
        help_ = "give patterns that fit fewer, such as 'specs/**/*.yaml'"
        raise CommandError(message, exit_code=USAGE, help=help_)
    if not paths:
        help_ = "`**` stands for folders at any depth: 'specs/**/*.yaml'"
        yield _none(pattern, f"no file fits {pattern}", help_)
    for path in paths:
        yield Target(*find_spec(path, variant))


def _fitting(pattern: str) -> set[str]:
    """Returns the paths that a pattern fits, with `**` for folders at any depth."""
    from glob import escape, glob  # a shell has mostly done this

    parts = Path(pattern).parts
    found = {""}
    for part in (*parts, "*") if parts[-1] == "**" else parts:
        if part == "**":
            found = {folder for top in found for folder in _folders(top)}
        else:
            found = {
                path
                for folder in found
                for path in glob(os.path.join(escape(folder), part))  # noqa: PTH118, PTH207
            }
    return found


def _folders(top: str) -> Iterator[str]:
    """Yields a folder and all below it, but not what links lead to: that may be a circle."""
    waiting = [top]
    for folder in waiting:
        yield folder
        with suppress(OSError), os.scandir(folder or os.curdir) as entries:
            waiting += [
                os.path.join(folder, entry.name)  # noqa: PTH118
                for entry in entries
                if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)
            ]


def _is_directory(path: str) -> bool:
    """Returns whether a path is that of a directory, but of none that holds a run."""
    return os.path.isdir(path) and not _holds_spec(path)  # noqa: PTH112 - is_dir may raise


def _holds_spec(path: str) -> bool:
    """Returns whether a path is that of a run directory."""
    return os.path.isfile(os.path.join(path, "spec.yaml"))  # noqa: PTH113, PTH118


def _none(spec: str, message: str, help_: str) -> Target:
    return Target(spec, None, Diagnostic("E001", message, Span(spec), help_))
