"""What to say when a command's library is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from archspec.cli.common import ENVIRONMENT, CommandError


@contextmanager
def needs(extra: str) -> Iterator[None]:
    """Guards the imports of a command that needs one of the package's extras.

    Raises:
        CommandError: A library of the extra is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library == "archspec":
            raise
        raise CommandError(
            f"{library} is not installed",
            exit_code=ENVIRONMENT,
            help=f"pip install 'archspec-nn[{extra}]'",
        ) from None
