"""What a command is doing, in one line of the terminal that goes when it is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from archspec.cli.extras import needs

if TYPE_CHECKING:
    from archspec.backends.trial import Say


@contextmanager
def progress() -> Iterator[Say]:
    """Yields what takes a few words and shows them, if stderr is a terminal."""
    with needs("onnx"):
        from tqdm import tqdm
    line = "{desc} ({elapsed})"
    with tqdm(bar_format=line, leave=False, disable=None, dynamic_ncols=True) as bar:
        yield bar.set_description_str
