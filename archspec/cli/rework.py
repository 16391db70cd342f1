"""What `archspec export` makes of a proved model: a smaller one, or one that takes images."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from archspec.cli.common import ENVIRONMENT, NO, USAGE, CommandError
from archspec.cli.extras import needs
from archspec.frontend import Compiled

if TYPE_CHECKING:
    from onnx import ModelProto

    from archspec.backends.onnx.effect import Batch
    from archspec.training.data import Dataset

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
    if args.int8:
        with needs("torch"):
            import torch  # noqa: F401 - which the examples go through


def rework(compiled: Compiled, args: argparse.Namespace, path: Path) -> list[str]:
    """Rewrites a model as the arguments ask, and returns what that does to it, for people.

    Raises:
        CommandError: It cannot be done.
        OSError: The file cannot be written.
    """
    if not (args.fp16 or args.int8 or args.embed_preprocessing):
        return []
    import onnx

    from archspec.backends.onnx import write
    from archspec.backends.onnx.preprocessing import PreprocessingError, embed_preprocessing
    from archspec.backends.onnx.quantize import QuantizationError
    from archspec.training.errors import TrainingError, UnreadableError

    model = onnx.load(path)
    remarks: list[str] = []
    try:
        if args.fp16:
            model, remarks = _halved(compiled, model)
        if args.int8:
            model, remarks = _quantised(compiled, model, args.calibration)
        if args.embed_preprocessing:
            steps = compiled.train.data.preprocess if compiled.train else ()
            model = embed_preprocessing(model, steps, layout=args.embed_preprocessing)
            remarks.append(_image_remark(model))
    except (PreprocessingError, QuantizationError, TrainingError) as error:
        code = ENVIRONMENT if isinstance(error, UnreadableError) else NO
        raise CommandError(error.message, exit_code=code, help=error.help) from error
    path.with_name(f"{path.name}.data").unlink(missing_ok=True)  # what was too large before
    write(model, path)
    return remarks


def _halved(compiled: Compiled, model: ModelProto) -> tuple[ModelProto, list[str]]:
    from archspec.backends.onnx.effect import difference, largest_value
    from archspec.backends.onnx.half import LARGEST, half
    from archspec.backends.trial_data import random_inputs
    from archspec.backends.trial_sizes import trial_sizes

    graph = compiled.graph
    batches = [random_inputs(graph, {"batch": 2, **sizes}) for sizes in trial_sizes(graph)]
    largest = largest_value(model, batches)
    if not largest <= LARGEST:
        raise CommandError(
            f"half precision holds no number above {LARGEST:,.0f}, but with these weights there "
            f"are some of {largest:,.0f} in the network",
            help="export it without --fp16, or regularise the weights",
        )
    made = half(model)
    apart = difference(model, made, batches)
    return made, [f"half precision: outputs differ by at most {apart:.1e} of the largest"]


def _quantised(
    compiled: Compiled, model: ModelProto, file: Path | None
) -> tuple[ModelProto, list[str]]:
    from archspec.backends.onnx.effect import difference
    from archspec.backends.onnx.quantize import quantized
    from archspec.training.calibration import accuracy

    graph, data = compiled.graph, _data(compiled)
    batches = _calibration(compiled, data, file)
    made = quantized(model, batches)
    number = sum(len(next(iter(batch.values()))) for batch in batches)
    remarks = [f"8 bits: calibrated on {number:,} examples"]
    if data is None:
        remarks[0] += f"; outputs differ by at most {difference(model, made, batches):.1e} there"
        return made, remarks
    test = data.splits["test"]
    shares = [accuracy(graph, m, test) for m in (model, made)]
    remarks.append(
        f"accuracy on {test.number:,} test examples: {shares[0]:.2%} before, {shares[1]:.2%} after"
    )
    return made, remarks


def _data(compiled: Compiled) -> Dataset | None:
    from archspec.training.agreement import check_agreement
    from archspec.training.data import load
    from archspec.training.objective import main_input

    if compiled.train is None:
        return None
    data = load(compiled.train.data, main_input(compiled.graph).type)
    check_agreement(compiled.graph, data)
    return data


def _calibration(compiled: Compiled, data: Dataset | None, file: Path | None) -> Sequence[Batch]:
    from archspec.training.calibration import calibration_data, calibration_file

    if file:
        spec = compiled.train.data if compiled.train else None
        return calibration_file(compiled.graph, file, spec)
    return calibration_data(compiled.graph, data) if data else ()


def _image_remark(model: ModelProto) -> str:
    (taken,) = model.graph.input
    sizes = [dim.dim_param or str(dim.dim_value) for dim in taken.type.tensor_type.shape.dim]
    return f"takes {taken.name} as unsigned bytes [{', '.join(sizes)}]"
