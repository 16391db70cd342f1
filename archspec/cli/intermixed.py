"""Options among the positional arguments of a command: `predict MODEL --top 3 cat.png`.

argparse takes all optional positional arguments where it meets the first of them, and then
refuses those that come after an option.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any


def take_in_any_order(parser: argparse.ArgumentParser) -> None:
    """Lets a command's parser take positional arguments before, between and after options."""
    plain = parser.parse_known_args

    def parse(
        args: Sequence[str] | None = None,
        namespace: Any = None,  # noqa: ANN401 - as argparse has it
    ) -> tuple[Any, list[str]]:
        # The method calls this one twice, first without the positional arguments, then for them.
        parser.parse_known_args = plain  # type: ignore[method-assign]
        try:
            return parser.parse_known_intermixed_args(args, namespace)
        finally:
            parser.parse_known_args = parse  # type: ignore[assignment, method-assign]

    parser.parse_known_args = parse  # type: ignore[assignment, method-assign]
