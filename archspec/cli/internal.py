"""Faults of archspec itself: what is said of them, and where the traceback goes."""

from __future__ import annotations

import sys

from archspec.diagnostics import Diagnostic, Span


def internal_fault(error: Exception, file: str = "") -> Diagnostic:
    """Returns an exception that nobody foresaw as a diagnostic; its traceback goes to a file.

    Args:
        error: The exception.
        file: The spec that it came up with, if one is known.
    """
    log = _log(error)
    attach = f" and attach {log}" if log else ""
    return Diagnostic(
        "E900",
        f"internal error: {type(error).__name__}: {' '.join(str(error).split())}",
        Span(file),
        f"this is a fault of archspec, not of the spec; please report it{attach}",
    )


def _log(error: Exception) -> str | None:
    """Returns the file that the traceback was written to, unless there is no room for one."""
    import tempfile
    import traceback

    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="archspec-", suffix=".log", delete=False, encoding="utf-8"
        ) as log:
            log.write(f"archspec {sys.argv[1:]}\n")
            traceback.print_exception(error, file=log)
    except OSError:
        return None
    return log.name
