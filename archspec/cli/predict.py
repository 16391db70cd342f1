"""`archspec predict`: run an exported model on its spec's data."""

from __future__ import annotations

import argparse
import csv
import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from archspec.cli.common import ENVIRONMENT, NO, OK, USAGE, CommandError
from archspec.cli.extras import needs
from archspec.frontend import Compiled, compile_text
from archspec.frontend.train_schema import TrainSpec

if TYPE_CHECKING:
    from archspec.backends.onnx_model import OnnxModel
    from archspec.training.data import Dataset, Examples
    from archspec.training.predict import Predictions

SHOWN = 10
"""How many predictions a table shows."""

Row = dict[str, object]


class _Comparison(NamedTuple):
    """The model beside the network that it was exported from."""

    accuracy: float
    difference: float
    agrees: bool


class _Judged(NamedTuple):
    """All that is printed."""

    data: Dataset
    examples: Examples
    predictions: Predictions
    comparison: _Comparison | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.add_argument("model", metavar="MODEL.onnx", type=Path, help="an exported model")
    parser.add_argument(
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
    if compiled.train is None:
        raise CommandError(
            f"the spec in {args.model} has no `train` section, so there is no data to run on",
            exit_code=USAGE,
        )
    from archspec.backends.torch import memory_errors

    try:
        with memory_errors():
            judged = _judge(model, compiled, compiled.train, args.split, args.weights)
    except MemoryError as error:
        raise CommandError("not enough memory", exit_code=ENVIRONMENT) from error
    rows = _rows(judged)
    limit = SHOWN if args.format == "table" and args.limit is None else args.limit
    if args.format == "json":
        print(json.dumps(_as_json(args, judged, rows[:limit]), indent=1, ensure_ascii=False))
    elif args.format == "csv":
        _print_csv(rows[:limit])
    else:
        _print_table(args, judged, rows[:limit])
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


def _judge(
    model: OnnxModel, compiled: Compiled, spec: TrainSpec, split: str, weights: Path | None
) -> _Judged:
    from archspec.backends.onnx_model import MismatchError
    from archspec.training.agreement import check_agreement
    from archspec.training.data import load
    from archspec.training.errors import TrainingError
    from archspec.training.predict import judge

    try:
        data = load(spec.data)
        check_agreement(compiled.graph, data)
    except TrainingError as error:
        raise CommandError(error.message, exit_code=NO, help=error.help) from error
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
    comparison = _compare(compiled, predictions, examples, weights) if weights else None
    return _Judged(data, examples, predictions, comparison)


def _compare(
    compiled: Compiled, predictions: Predictions, examples: Examples, weights: Path
) -> _Comparison:
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
    return _Comparison(accuracy, difference, agrees)


def _rows(judged: _Judged) -> list[Row]:
    classes, examples, predictions = judged.data.classes, judged.examples, judged.predictions
    columns = zip(
        examples.indices,
        examples.targets,
        predictions.classes,
        predictions.probabilities,
        strict=True,
    )
    return [
        {
            "index": int(index),
            "truth": classes[int(truth)],
            "prediction": classes[int(prediction)],
            "probability": round(float(probability), 6),
        }
        for index, truth, prediction, probability in columns
    ]


def _as_json(args: argparse.Namespace, judged: _Judged, rows: list[Row]) -> Row:
    comparison = judged.comparison
    return {
        "model": str(args.model),
        "provider": args.provider,
        "dataset": judged.data.name,
        "split": args.split,
        "examples": judged.examples.number,
        "correct": int(judged.predictions.correct.sum()),
        "accuracy": judged.predictions.accuracy,
        "comparison": comparison and {
            "weights": str(args.weights),
            "accuracy": comparison.accuracy,
            "largest_difference": _number(comparison.difference),
            "agrees": comparison.agrees,
        },
        "predictions": [row | {"probability": _number(row["probability"])} for row in rows],
    }  # fmt: skip


def _number(value: object) -> object:
    """Returns a number as JSON can say it, which knows neither `nan` nor infinities."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _print_csv(rows: list[Row]) -> None:
    columns = ("index", "truth", "prediction", "probability")
    writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _print_table(args: argparse.Namespace, judged: _Judged, rows: list[Row]) -> None:
    predictions, comparison = judged.predictions, judged.comparison
    print(
        f"{judged.data.name}, {args.split}: {predictions.correct.sum()} of "
        f"{judged.examples.number} correct ({predictions.accuracy:.2%})"
    )
    if comparison:
        verdict = "the same" if comparison.agrees else "not the same"
        print(
            f"{args.weights} in PyTorch: {comparison.accuracy:.2%}, "
            f"outputs differ by at most {comparison.difference:.1e}: {verdict}"
        )
    if rows:
        width = max(len("prediction"), *map(len, judged.data.classes))
        print(f"\nindex  {'truth':{width}}  {'prediction':{width}}  probability")
    for row in rows:
        probability = row["probability"]
        likely = str(probability) if _number(probability) is None else f"{probability:.2%}"
        wrong = "" if row["truth"] == row["prediction"] else "  wrong"
        print(
            f"{row['index']:5}  {row['truth']:{width}}  {row['prediction']:{width}}  "
            f"{likely:>11}{wrong}"
        )


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is not a number of predictions")
    return int(text)
