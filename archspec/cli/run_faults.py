"""How the commands about runs tell what is wrong with runs, models and examples."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from archspec.cli.common import ENVIRONMENT, NO, USAGE, CommandError
from archspec.cli.places import placed
from archspec.diagnostics import Refusal
from archspec.frontend import Compiled


@contextmanager
def run_faults(compiled: Compiled | None = None) -> Iterator[None]:
    """Makes the faults of runs, models and examples those of a command.

    Args:
        compiled: The spec that they may be in.

    Raises:
        CommandError: There was one.
        InterruptedRunError: A run was interrupted.
    """
    from archspec.backends.fit import MisfitError, WeightsError
    from archspec.backends.torch import memory_errors
    from archspec.training.data.stored import watched_readers
    from archspec.training.errors import (
        DeviceError,
        InterruptedRunError,
        OutputError,
        TrainingError,
        UnreadableError,
    )
    from archspec.training.loop.lost_processes import lost_processes

    codes: dict[type[Refusal], int] = {
        UnreadableError: ENVIRONMENT,
        DeviceError: ENVIRONMENT,
        OutputError: USAGE,
        TrainingError: NO,
        MisfitError: NO,
        WeightsError: ENVIRONMENT,
    }
    try:
        with memory_errors(), watched_readers(), lost_processes():
            yield
    except InterruptedRunError:
        raise  # which is no fault
    except tuple(codes) as error:
        code = next(code for kind, code in codes.items() if isinstance(error, kind))
        place = error.place if isinstance(error, TrainingError) else ()
        message = placed(error.message, place, compiled)
        raise CommandError(message, exit_code=code, help=error.help) from error
    except MemoryError as error:
        raise CommandError("not enough memory", exit_code=ENVIRONMENT) from error
