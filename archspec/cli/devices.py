"""Where a command computes: the devices of PyTorch, and the providers of ONNX Runtime."""

from __future__ import annotations

import argparse

from archspec.backends.providers import CPU, PROVIDERS

DEVICES = ("auto", "cpu", "cuda", "mps")


def add_device(parser: argparse.ArgumentParser, what: str) -> None:
    """Adds `--device`.

    Args:
        parser: The command's.
        what: What is done there, as in `where to train`.
    """
    parser.add_argument(
        "--device",
        choices=DEVICES,
        default="auto",
        help=f"where to {what}: auto is a GPU if there is one (default: %(default)s)",
    )


def add_provider(parser: argparse.ArgumentParser) -> None:
    """Adds `--provider`."""
    parser.add_argument(
        "--provider",
        choices=tuple(PROVIDERS),
        default=CPU,
        help="where ONNX Runtime runs a model (default: %(default)s)",
    )
