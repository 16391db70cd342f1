"""`archspec predict`: run an exported model on pictures, on arrays, or on its spec's data."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from archspec.cli.common import (
    ENVIRONMENT,
    NO,
    OK,
    USAGE,
    CommandError,
    filled,
    output_file,
)
from archspec.cli.devices import add_provider
from archspec.cli.extras import needs
from archspec.cli.intermixed import take_in_any_order
from archspec.cli.prediction_kind import KINDS
from archspec.diagnostics import Refusal
from archspec.frontend import Compiled, compile_text

if TYPE_CHECKING:
    from archspec.backends.onnx_model import OnnxModel

SHOWN = 10
"""How many predictions a table shows."""

BATCH = 64
"""How many examples a model runs on at once."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    take_in_any_order(parser)
    parser.add_argument("model", metavar="MODEL.onnx", type=output_file, help="an ONNX model")
    parser.add_argument(
        "inputs",
        metavar="INPUT",
        nargs="*",
        type=filled,
        help="images, directories of images (one for each class tells the truth), an .npz or "
        ".npy file, or - for one of these from stdin; a .csv or .parquet table; the spec's data "
        "if left out",
    )
    parser.add_argument(
        "--split",
        choices=("test", "validation", "train"),
        default="test",
        help="which of the spec's data (default: %(default)s)",
    )
    parser.add_argument(
        "--weights",
        metavar="RUN|FILE",
        type=Path,
        help="compare with the PyTorch network and these weights",
    )
    _add_outputs(parser)
    add_provider(parser)
    parser.add_argument(
        "--batch-size",
        metavar="N",
        type=_positive,
        default=BATCH,
        help="examples that the model runs on at once (default: %(default)s)",
    )


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--as",
        dest="kind",
        choices=KINDS,
        help="what the output is (default: what its shape says)",
    )
    parser.add_argument(
        "--top",
        metavar="K",
        type=_positive,
        default=1,
        help="how many classes of each example (default: %(default)s)",
    )
    parser.add_argument(
        "--format",
        choices=("table", "json", "csv"),
        default="table",
        help="for people or for programs (default: %(default)s)",
    )
    parser.add_argument(
        "--limit",
        metavar="N",
        type=_count,
        help=f"examples to print (default: {SHOWN} in a table, otherwise all)",
    )
    parser.add_argument(
        "--grid",
        metavar="FILE.png",
        type=output_file,
        help="draw the first images with prediction and truth",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="DIR|FILE.npz",
        type=output_file,
        help="the directory for the images that the network makes, or a file for all outputs",
    )


def run(args: argparse.Namespace) -> int:
    """Predicts, compares if asked to, and prints."""
    with needs("onnx"):
        import onnxruntime  # noqa: F401 - so that a missing library is named
        import PIL  # noqa: F401
        import tqdm  # noqa: F401

        from archspec.cli.prediction import predict
        from archspec.cli.predictions import print_csv, print_json, print_table
    with _faults():
        model = _open(args.model, args.provider)
        report = predict(args, model, _spec_of(model, args.model))
    limit = SHOWN if args.format == "table" and args.limit is None else args.limit
    {"json": print_json, "csv": print_csv, "table": print_table}[args.format](report, limit)
    agrees = report.comparison is None or report.comparison.agrees
    return OK if agrees and not report.skipped else NO


@contextmanager
def _faults() -> Iterator[None]:
    """Tells what is wrong with models, examples and weights as a command does."""
    from archspec.backends.fit import MisfitError, WeightsError
    from archspec.backends.onnx_model import MismatchError, ModelError, ProviderError
    from archspec.training.errors import OutputError, TrainingError, UnreadableError

    codes: dict[type[Refusal], int] = {
        ProviderError: ENVIRONMENT,
        MismatchError: NO,
        ModelError: USAGE,
        UnreadableError: ENVIRONMENT,
        OutputError: USAGE,
        TrainingError: NO,
        MisfitError: NO,
        WeightsError: ENVIRONMENT,
    }
    try:
        yield
    except tuple(codes) as error:
        code = next(code for kind, code in codes.items() if isinstance(error, kind))
        raise CommandError(error.message, exit_code=code, help=error.help) from error
    except MemoryError as error:
        raise CommandError(
            "not enough memory",
            exit_code=ENVIRONMENT,
            help="use a smaller --batch-size, or smaller images",
        ) from error


def _open(path: Path, provider: str) -> OnnxModel:
    from archspec.backends.onnx_model import OnnxModel

    try:
        return OnnxModel(path, provider)
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}"
        raise CommandError(message, exit_code=ENVIRONMENT) from error


def _spec_of(model: OnnxModel, path: Path) -> Compiled | None:
    from archspec.backends.metadata import AlteredError, stored_spec

    try:
        text = stored_spec(model.metadata, str(path))
    except AlteredError as error:
        raise CommandError(error.message, exit_code=NO, help=error.help) from error
    return None if text is None else compile_text(text, f"{path}:archspec.spec")


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is not a number of examples")
    return int(text)


def _positive(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 2**31:
        raise argparse.ArgumentTypeError(f"takes a whole number above 0, not `{text}`")
    return int(text)
