"""Operators from a user's own Python files.

Such a file is code, so it is run only where it is named: by `--operators FILE`, or by
`operators = ["FILE", …]` under `[tool.archspec]` in the pyproject.toml of the folder that
the command is given in, or of one above. Opening a spec never runs anything.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from archspec import ops
from archspec.cli.common import ENVIRONMENT, NO, CommandError
from archspec.diagnostics import Span
from archspec.frontend.layer import CONSTRUCTS, RESERVED
from archspec.frontend.names import name_fault
from archspec.ir.op import FaultyOperatorError, Operator

PACKAGE = "archspec_operators"
"""The package that the files are modules of, so that lowerings can name what they define."""


def load_operators(files: Sequence[str]) -> None:
    """Makes operators known: those of the given files and of the project's pyproject.toml.

    Raises:
        CommandError: A file cannot be read or run, or does not define one operator.
    """
    named: dict[str, Path] = {}
    for path in {path.resolve(): path for path in [*_of_project(), *map(Path, files)]}.values():
        other = named.setdefault(path.stem, path)
        if other is not path:
            raise CommandError(
                f"{other} and {path} would both hold the operator {path.stem}",
                exit_code=NO,
                help="rename one of them",
            )
        _load(path)


@contextmanager
def own_faults() -> Iterator[None]:
    """Makes the faults of a user's own operators errors of the command, not of the program.

    Raises:
        CommandError: An operator that was added failed, or broke the contract.
    """
    try:
        yield
    except FaultyOperatorError as error:
        if error.kind in ops.registered():
            raise CommandError(str(error), exit_code=NO) from error
        raise
    except Exception as error:
        if place := _place(error):
            raise CommandError(f"{place}: {_text(error)}", exit_code=NO) from error
        raise


def _of_project() -> list[Path]:
    here = Path.cwd()
    found = next((f for d in (here, *here.parents) if (f := d / "pyproject.toml").is_file()), None)
    if found is None or b"archspec" not in (content := found.read_bytes()):
        return []
    import tomllib

    try:
        given = tomllib.loads(content.decode())
    except UnicodeDecodeError:
        raise CommandError(f"{found} is not UTF-8", exit_code=NO) from None
    except tomllib.TOMLDecodeError as error:
        raise CommandError(f"{found} is not TOML: {error}", exit_code=NO) from None
    table: object = given
    for key in ("tool", "archspec"):
        table = table.get(key, {}) if isinstance(table, dict) else None
    if not isinstance(table, dict):
        raise CommandError(
            f"{found}: tool.archspec is not a table",
            exit_code=NO,
            help='write operators = ["my_operator.py"] below a line [tool.archspec]',
        )
    listed = table.get("operators", [])
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
    try:
        operator = ops.register(_run(path))
        operator.model_rebuild()  # what is wrong with its fields is to be known now
    except ops.NotAnOperatorError as error:
        help_ = "define one subclass of archspec.operator.Operator in it"
        raise CommandError(f"{path}: {error}", exit_code=NO, help=help_) from None
    except Exception as error:  # the file is the user's: anything can happen
        message = f"{_place(error) or path}: {_text(error)}"
        raise CommandError(message, exit_code=NO) from error
    _check_names(path, operator)
    from archspec.cli.contract import hold_to_contract  # only where there is such an operator

    hold_to_contract(operator)


def _run(path: Path) -> ModuleType:
    """Returns the module of a file, which is run for it."""
    sys.modules.setdefault(PACKAGE, ModuleType(PACKAGE))
    spec = spec_from_file_location(f"{PACKAGE}.{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError("it is not Python")
    module = module_from_spec(spec)
    sys.modules[module.__name__] = module
    spec.loader.exec_module(module)
    return module


def _check_names(path: Path, operator: type[Operator]) -> None:
    fields = {*operator.model_fields}
    for name in sorted((fields | {*operator.input_names}) & {*RESERVED}):
        what = "field" if name in fields else "input"
        raise CommandError(
            f"{path}: an operator cannot have {what} `{name}`, a key of every layer",
            exit_code=NO,
            help=f"rename the {what}",
        )


def _place(error: Exception) -> str:
    """Returns the innermost line of an operator's file that an error comes from, if it does."""
    import traceback

    files = {
        module.__file__: Path(module.__file__).name
        for name, module in sys.modules.items()
        if name.startswith(f"{PACKAGE}.") and module.__file__
    }
    frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        frames.append((error.filename or "", error.lineno))
    lines = [f"{files[file]}, line {line}" for file, line in frames if file in files]
    return lines[-1] if lines else ""


def _text(error: Exception) -> str:
    """Returns an error on one line."""
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {' '.join(said.split())}".removesuffix(": ")
