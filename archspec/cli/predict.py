"""`archspec predict`: run an exported model on its spec's data, or on those of a file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from archspec.cli.common import ENVIRONMENT, NO, OK, USAGE, CommandError
from archspec.cli.extras import needs
from archspec.cli.predictions import Comparison, Judged, print_csv, print_json, print_table
from archspec.frontend import Compiled, compile_text

if TYPE_CHECKING:
    from archspec.backends.onnx_model import OnnxModel
    from archspec.training.data import Dataset, Examples
    from archspec.training.predict import Predictions

SHOWN = 10
"""How many predictions a table shows."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.add_argument("model", metavar="MODEL.onnx", type=Path, help="an exported model")
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--data",
        metavar="FILE",
        type=Path,
        help="a file of examples instead of the spec's: .npy, or .npz with x and perhaps y",
    )
    source.add_argument(
        "--split",
        choices=("test", "validation", "train"),
        default="test",
        help="the examples (default: %(default)s)",
    )
    parser.add_argument(
        "--weights",
        metavar="RUN|FILE",
        type=Path,
        help="compare with the PyTorch network and these weights",
    )
    parser.add_argument(
        "--provider",
        choices=("cpu", "cuda"),
        default="cpu",
        help="where ONNX Runtime runs the model (default: %(default)s)",
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
        help=f"predictions to print (default: {SHOWN} in a table, otherwise all)",
    )


def run(args: argparse.Namespace) -> int:
    """Predicts, compares if asked to, and prints."""
    with needs("all"):
        import archspec.backends.onnx_model
        import archspec.training.predict  # noqa: F401 - so that a missing library is named
    model = _open(args.model, args.provider)
    compiled = _spec_of(model, args.model)
    if compiled.train is None and args.data is None:
        raise CommandError(
            f"the spec in {args.model} has no `train` section, so there is no data to run on",
            exit_code=USAGE,
            help="give examples: --data FILE.npz",
        )
    from archspec.backends.torch import memory_errors

    try:
        with memory_errors():
            judged = _judge(model, compiled, args)
    except MemoryError as error:
        raise CommandError("not enough memory", exit_code=ENVIRONMENT) from error
    limit = SHOWN if args.format == "table" and args.limit is None else args.limit
    {"json": print_json, "csv": print_csv, "table": print_table}[args.format](judged, limit)
    return OK if judged.comparison is None or judged.comparison.agrees else NO


def _open(path: Path, provider: str) -> OnnxModel:
    from archspec.backends.onnx_model import ModelError, OnnxModel, ProviderError

    try:
        return OnnxModel(path, provider)
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}"
        raise CommandError(message, exit_code=ENVIRONMENT) from error
    except ModelError as error:
        code = ENVIRONMENT if isinstance(error, ProviderError) else USAGE
        raise CommandError(error.message, exit_code=code, help=error.help) from error


def _spec_of(model: OnnxModel, path: Path) -> Compiled:
    text = model.metadata.get("archspec.spec")
    if text is None:
        raise CommandError(
            f"{path} carries no spec, so what it was trained on is not known",
            exit_code=USAGE,
            help="use a model that `archspec export SPEC --onnx` has written",
        )
    return compile_text(text, f"{path}:archspec.spec")


def _judge(model: OnnxModel, compiled: Compiled, args: argparse.Namespace) -> Judged:
    from archspec.backends.onnx_model import MismatchError
    from archspec.training.agreement import check_agreement
    from archspec.training.errors import TrainingError, UnreadableError
    from archspec.training.predict import judge

    try:
        data = _data(compiled, args.data)
        check_agreement(compiled.graph, data)
    except TrainingError as error:
        code = ENVIRONMENT if isinstance(error, UnreadableError) else NO
        raise CommandError(error.message, exit_code=code, help=error.help) from error
    split = "file" if args.data else args.split
    examples = data.splits[split]
    if not examples.number:
        raise CommandError(
            f"the spec keeps no examples for {split}", exit_code=USAGE, help="use --split test"
        )
    try:
        model.require(compiled.graph)
        outputs = model.run(examples.inputs.numpy(), (len(data.classes),))
    except MismatchError as error:
        raise CommandError(error.message, exit_code=NO, help=error.help) from error
    predictions = judge(compiled.graph, outputs, examples)
    return Judged(
        model=args.model,
        provider=args.provider,
        data=data,
        split=split,
        predictions=predictions,
        comparison=_compare(compiled, predictions, examples, args.weights),
    )


def _data(compiled: Compiled, file: Path | None) -> Dataset:
    """Returns the examples of a file or, without one, those that the spec names."""
    from archspec.frontend.train_schema import Data
    from archspec.training.data import load, load_file
    from archspec.training.objective import main_input, main_output

    taken = main_input(compiled.graph).type
    spec = compiled.train.data if compiled.train else Data(npz=str(file))
    if file is None:
        return load(spec, taken)
    size = next(reversed(main_output(compiled.graph).type.example), 1)
    return load_file(file, spec, taken, classes=size if isinstance(size, int) else 1)


def _compare(
    compiled: Compiled, predictions: Predictions, examples: Examples, weights: Path | None
) -> Comparison | None:
    if weights is None:
        return None
    import numpy as np

    from archspec.backends.weights import MisfitError, WeightsError, load_weights
    from archspec.training.predict import TOLERANCE, judge, network_outputs

    try:
        outputs = network_outputs(compiled.graph, load_weights(weights), examples.inputs)
    except WeightsError as error:
        code = NO if isinstance(error, MisfitError) else ENVIRONMENT
        raise CommandError(error.message, exit_code=code, help=error.help) from error
    accuracy = judge(compiled.graph, outputs, examples).accuracy
    with np.errstate(all="ignore"):  # a model may give infinities
        difference = float(abs(outputs - predictions.outputs).max())
    agrees = difference <= TOLERANCE and accuracy == predictions.accuracy
    return Comparison(weights, accuracy, difference, agrees)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is not a number of predictions")
    return int(text)
