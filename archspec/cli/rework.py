"""What `archspec export` makes of a proved model: a smaller one, or one that takes images."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from archspec.cli.common import ENVIRONMENT, NO, USAGE, CommandError
from archspec.cli.extras import needs
from archspec.cli.finished import image_inputs, plain_inputs
from archspec.diagnostics.counted import counted
from archspec.frontend import Compiled

if TYPE_CHECKING:
    import numpy as np
    from onnx import ModelProto

    from archspec.backends.fitted_step import FittedStep
    from archspec.backends.onnx.effect import Batch
    from archspec.backends.trial import Say
    from archspec.training.data.dataset import Dataset

LAYOUTS = ("nchw", "nhwc")


def add_rework_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds --fp16, --int8, --calibration and --embed-preprocessing."""
    smaller = parser.add_mutually_exclusive_group()
    smaller.add_argument(
        "--fp16", action="store_true", help="weights and arithmetic in half precision"
    )
    smaller.add_argument(
        "--int8",
        action="store_true",
        help="weights and arithmetic in 8 bits, calibrated on the spec's training data",
    )
    parser.add_argument(
        "--calibration",
        metavar="FILE",
        type=Path,
        help="an .npz or .npy file of examples to calibrate with instead, for --int8",
    )
    parser.add_argument(
        "--embed-preprocessing",
        choices=LAYOUTS,
        nargs="?",
        const=LAYOUTS[0],
        help="put the spec's preprocessing into the model, which then takes images of unsigned "
        "bytes, channels first (nchw, if nothing is said) or last (nhwc)",
    )


def smaller(args: argparse.Namespace) -> str:
    """Returns how a smaller model is told from the plain one in the name of its file."""
    return ".fp16" if args.fp16 else ".int8" if args.int8 else ""


def check_rework(compiled: Compiled, args: argparse.Namespace) -> None:
    """Checks the arguments before anything is made.

    Raises:
        CommandError: They contradict one another, or the spec has not what they need.
    """
    if args.calibration and not args.int8:
        raise CommandError(
            "--calibration is for --int8", exit_code=USAGE, help="add --int8, or leave it out"
        )
    if args.calibration and not args.calibration.is_file():
        raise CommandError(f"cannot read {args.calibration}: no such file", exit_code=ENVIRONMENT)
    if args.int8 and not args.calibration and compiled.train is None:
        raise CommandError(
            "the spec has no `train` section, so there are no examples to calibrate with",
            exit_code=USAGE,
            help="give some: --calibration FILE.npz",
        )
    if args.int8 or args.embed_preprocessing:
        with needs("torch"):
            import torch  # noqa: F401 - which the examples go through


def rework(compiled: Compiled, args: argparse.Namespace, path: Path, say: Say) -> list[str]:
    """Rewrites a model as the arguments ask, and returns what that does to it, for people.

    Args:
        compiled: The spec.
        args: The arguments.
        path: The model, which becomes what it is rewritten to.
        say: Is told what is being done, in a few words.

    Raises:
        CommandError: It cannot be done.
        NoSizesError: No sizes were found to try it with.
        NotProvedError: The file makes other outputs than it should.
        WrongModelError: It is no valid model.
        OSError: It cannot be written.
    """
    if not (args.fp16 or args.int8 or args.embed_preprocessing):
        return []
    import onnx

    from archspec.backends.onnx import write
    from archspec.backends.onnx.preprocessing import PreprocessingError, embed_preprocessing
    from archspec.backends.onnx.quantize import QuantizationError
    from archspec.training.errors import TrainingError, UnreadableError

    model = origin = onnx.load(path)
    remarks: list[str] = []
    try:
        if args.fp16:
            say("half precision")
            model, remarks = _halved(compiled, model)
        if args.int8:
            say("8 bits: calibrating")
            model, remarks = _quantised(compiled, model, args)
        if args.embed_preprocessing:
            origin, steps = model, steps_of(compiled, args.weights)
            model = embed_preprocessing(model, steps, layout=args.embed_preprocessing)
            remarks.append(_image_remark(model))
    except (PreprocessingError, QuantizationError, TrainingError) as error:
        code = ENVIRONMENT if isinstance(error, UnreadableError) else NO
        raise CommandError(error.message, exit_code=code, help=error.help) from error
    path.with_name(f"{path.name}.data").unlink(missing_ok=True)  # what was too large before
    write(model, path)
    say("ONNX Runtime runs the file")
    _check(compiled, args, path, origin, model)
    return remarks


def _check(
    compiled: Compiled, args: argparse.Namespace, path: Path, origin: ModelProto, model: ModelProto
) -> None:
    """Checks the finished file against the model that it was made of.

    Raises:
        NotProvedError: It makes other outputs.
        WrongModelError: It is no valid model.
    """
    from archspec.backends.finished import check_finished
    from archspec.backends.onnx.half import LIMIT as HALF_LIMIT

    graph, layout = compiled.graph, args.embed_preprocessing
    if not layout:
        limit = HALF_LIMIT if args.fp16 else math.inf  # 8 bits are for the data that they know
        check_finished(graph, path, origin, plain_inputs(graph), limit)
        return
    from archspec.backends.verify import LIMIT

    prepare = partial(_prepared, steps_of(compiled, args.weights))
    given = image_inputs(graph, model, layout, prepare)
    # What is smaller rounds, and so makes much of little.
    limit = HALF_LIMIT if args.fp16 or args.int8 else LIMIT
    check_finished(graph, path, origin, given, limit)


def _prepared(steps: Sequence[FittedStep], images: np.ndarray) -> np.ndarray:
    """Returns images as training prepares them."""
    import torch

    from archspec.training.preprocessing import apply

    made: np.ndarray = apply(torch.from_numpy(images), steps).numpy()
    return made


def steps_of(compiled: Compiled, weights: Path | None) -> Sequence[FittedStep]:
    """Returns the spec's preprocessing, with what it learnt when the weights did.

    Raises:
        CommandError: What it learnt cannot be read.
    """
    from archspec.training.data.preprocess_file import learnt_with
    from archspec.training.errors import UnreadableError

    if compiled.train is None:
        return ()
    try:
        return learnt_with(compiled.train.data.preprocess, weights)
    except UnreadableError as error:
        raise CommandError(error.message, exit_code=ENVIRONMENT, help=error.help) from error


def _halved(compiled: Compiled, model: ModelProto) -> tuple[ModelProto, list[str]]:
    from archspec.backends.onnx.effect import difference, largest_value
    from archspec.backends.onnx.half import LARGEST, LIMIT, half
    from archspec.backends.onnx.rounding import rounded

    batches = [given.inputs for given in plain_inputs(compiled.graph)]
    largest = largest_value(model, batches)
    if not largest <= LARGEST:
        raise CommandError(
            f"half precision holds no number above {LARGEST:,.0f}, but with these weights there "
            f"are some of {largest:,.0f} in the network",
            help="export it without --fp16, or regularise the weights",
        )
    made = half(model)
    apart = difference(model, rounded(made), batches)
    said = f"by {apart:.1e} of the largest (limit {LIMIT:.0e})"
    if not apart <= LIMIT:
        raise CommandError(
            f"in half precision, where every layer rounds, the outputs differ {said}",
            help="export it without --fp16, or use weights of a network that was trained",
        )
    return made, [f"half precision, where every layer rounds: outputs differ {said}"]


def _quantised(
    compiled: Compiled, model: ModelProto, args: argparse.Namespace
) -> tuple[ModelProto, list[str]]:
    from archspec.backends.onnx.effect import difference
    from archspec.backends.onnx.quantize import quantized
    from archspec.training.prediction.calibration import results
    from archspec.training.record.measures import shown, title

    data = _data(compiled, args.weights)
    batches = _calibration(compiled, data, args.calibration)
    made = quantized(model, batches)
    number = sum(len(next(iter(batch.values()))) for batch in batches)
    remarks = [f"8 bits: calibrated on {number:,} examples"]
    remarks[0] += f"; outputs differ by at most {difference(model, made, batches):.1e} there"
    if compiled.train is None or data is None or not data.splits["test"].number:
        return made, remarks
    before, after = (results(compiled.graph, compiled.train, data, m) for m in (model, made))
    told = next((name for name in before if name != "loss"), "loss")
    judged = counted(data.splits["test"].number, "test example", "test examples")
    remarks.append(
        f"{title(told)} on {judged}: {shown(told, before[told])} before, "
        f"{shown(told, after[told])} after"
    )
    return made, remarks


def _data(compiled: Compiled, weights: Path | None) -> Dataset | None:
    from archspec.training.data.dataset import load
    from archspec.training.loop.agreement import check_agreement
    from archspec.training.loop.objective import main_input

    if compiled.train is None:
        return None
    steps = steps_of(compiled, weights)
    known = steps if all(step.ready for step in steps) else None
    data = load(compiled.train.data, main_input(compiled.graph).type, steps=known)
    check_agreement(compiled.graph, data, compiled.train.loss.name)
    return data


def _calibration(compiled: Compiled, data: Dataset | None, file: Path | None) -> Sequence[Batch]:
    from archspec.training.prediction.calibration import calibration_data, calibration_file

    if file:
        spec = compiled.train.data if compiled.train else None
        return calibration_file(compiled.graph, file, spec, data.steps if data else None)
    return calibration_data(compiled.graph, data) if data else ()


def _image_remark(model: ModelProto) -> str:
    (taken,) = model.graph.input
    sizes = [dim.dim_param or str(dim.dim_value) for dim in taken.type.tensor_type.shape.dim]
    return f"takes {taken.name} as unsigned bytes [{', '.join(sizes)}]"
