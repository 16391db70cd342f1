"""How much memory there is."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""Where Linux says how much a container may have."""

USUAL = 8 * 2**30
"""What is assumed where the system does not say."""


def total_memory() -> int:
    """Returns the memory of the machine, or of the container, in bytes."""
    known = []
    with suppress(AttributeError, ValueError, OSError):  # not on every system
        known.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    for path in LIMITS:
        with suppress(ValueError, OSError):  # no container, or one without a limit: `max`
            known.append(int(path.read_text()))
    return min(known, default=USUAL)
