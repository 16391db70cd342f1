"""Operators from a user's own Python files.

Such a file is code, so it is run only where it is named: by `--operators FILE`, or by
`operators = ["FILE", …]` under `[tool.archspec]` in the pyproject.toml of the folder that
the command is given in, or of one above. Opening a spec never runs anything.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

from archspec import ops
from archspec.cli.common import ENVIRONMENT, NO, CommandError
from archspec.diagnostics import Span
from archspec.frontend.layer import CONSTRUCTS
from archspec.frontend.names import name_fault

PACKAGE = "archspec_operators"
"""The package that the files are modules of, so that lowerings can name what they define."""

TABLE = "[tool.archspec]"


def load_operators(files: Sequence[str]) -> None:
    """Makes operators known: those of the given files and of the project's pyproject.toml.

    Raises:
        CommandError: A file cannot be read or run, or does not define one operator.
    """
    for path in dict.fromkeys([*_of_project(), *map(Path, files)]):
        _load(path)


def _of_project() -> list[Path]:
    here = Path.cwd()
    found = next((f for d in (here, *here.parents) if (f := d / "pyproject.toml").is_file()), None)
    if found is None or TABLE not in (text := found.read_text(encoding="utf-8")):
        return []
    import tomllib

    try:
        listed = tomllib.loads(text)["tool"]["archspec"].get("operators", [])
    except tomllib.TOMLDecodeError as error:
        raise CommandError(f"{found} is not TOML: {error}", exit_code=NO) from None
    if not isinstance(listed, list) or not all(isinstance(file, str) for file in listed):
        raise CommandError(
            f"{found}: tool.archspec.operators is not a list of files",
            exit_code=NO,
            help='write operators = ["my_operator.py"]',
        )
    return [found.parent / file for file in listed]


def _load(path: Path) -> None:
    name = path.stem
    fault = name_fault(name, Span(str(path)))
    if fault or path.suffix != ".py" or name in CONSTRUCTS:
        raise CommandError(
            f"{path} cannot hold an operator: the file's name is the operator's name",
            exit_code=NO,
            help="call it like a name in a spec, such as my_operator.py",
        )
    if not path.is_file():
        raise CommandError(f"there is no operator file {path}", exit_code=ENVIRONMENT)
    sys.modules.setdefault(PACKAGE, ModuleType(PACKAGE))
    module = ModuleType(f"{PACKAGE}.{name}")
    sys.modules[module.__name__] = module
    try:
        SourceFileLoader(module.__name__, str(path)).exec_module(module)
        ops.add(module)
    except ops.NotAnOperatorError as error:
        help_ = "define one subclass of archspec.operator.Operator in it"
        raise CommandError(f"{path}: {error}", exit_code=NO, help=help_) from None
    except Exception as error:  # the file is the user's: anything can happen
        message = f"{path} cannot be run: {type(error).__name__}: {error}"
        raise CommandError(f"{message} (line {_line(error, path)})", exit_code=NO) from error


def _line(error: Exception, path: Path) -> int | None:
    """Returns the line of the file that an error comes from."""
    import traceback

    if isinstance(error, SyntaxError):
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    return next((f.lineno for f in reversed(frames) if f.filename == str(path)), None)
