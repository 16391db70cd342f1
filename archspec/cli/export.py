"""`archspec export`: write a spec's network, with weights, in another format."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from archspec.cli.common import (
    ENVIRONMENT,
    NO,
    OK,
    USAGE,
    CommandError,
    add_spec_arguments,
    compile_from,
    filled,
    output_file,
)
from archspec.cli.extras import needs
from archspec.cli.given_weights import add_weight_arguments, source_of, weights_from
from archspec.cli.progress import progress
from archspec.cli.rework import add_rework_arguments, check_rework, rework, smaller, steps_of
from archspec.cli.termination import interrupted_by_signals
from archspec.cli.verify import proof_errors, proved
from archspec.frontend import Compiled
from archspec.ir.graph import Graph, Value
from archspec.ir.totals import totals

if TYPE_CHECKING:
    from archspec.backends.verify import Proof

OPSET = 20


class ListPasses(argparse.Action):
    """Prints the passes and ends, as `--help` does."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str) -> None:  # noqa: A002
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Prints them in the order in which they run."""
        with needs("onnx"):
            from archspec.backends.onnx import PASSES
        width = max(map(len, PASSES))
        for name, what in PASSES.items():
            print(f"{name:{width}}  {what}")
        parser.exit()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    add_spec_arguments(parser)
    parser.add_argument("--onnx", action="store_true", help="write ONNX, for inference")
    add_weight_arguments(parser)
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=output_file,
        help="the file to write (default: NAME.onnx, NAME.fp16.onnx or NAME.int8.onnx)",
    )
    parser.add_argument(
        "--opset", metavar="N", type=int, default=OPSET, help=f"ONNX's opset (default: {OPSET})"
    )
    parser.add_argument(
        "--no-verify",
        action="store_true",
        help="do not run the file against PyTorch, which then need not be installed",
    )
    parser.add_argument(
        "--without", metavar="PASS", action="append", default=[], help="leave out a pass"
    )
    parser.add_argument("--list-passes", action=ListPasses, help="list the passes and exit")
    add_rework_arguments(parser)
    parser.add_argument(
        "--triton",
        metavar="DIR",
        type=filled,
        help="also put the model into a repository of NVIDIA's Triton Inference Server",
    )


def run(args: argparse.Namespace) -> int:
    """Writes the file and says what is in it."""
    if not args.onnx:
        raise CommandError("export is not told the format", exit_code=USAGE, help="add --onnx")
    compiled = compile_from(args)
    args.weights = source_of(args)
    graph = compiled.graph
    path = args.output or Path(f"{graph.stem}{smaller(args)}.onnx")
    try:
        with interrupted_by_signals():
            size, proof, remarks = _export(compiled, args, path)
    except MemoryError as error:
        raise CommandError("not enough memory", exit_code=ENVIRONMENT) from error
    print(f"{path}: {_size_text(size)}, opset {args.opset}")
    outputs = graph.outputs.items()
    # What a model with its preprocessing takes is among the remarks.
    inputs = () if args.embed_preprocessing else graph.inputs.items()
    for line in [*_lines("input", inputs), *_lines("output", outputs)]:
        print(f"  {line}")
    counted = totals(graph)
    print(f"  {counted.params - counted.auxiliary:,} parameters")
    for line in [*(proof.lines() if proof else ()), *remarks]:
        print(f"  {line}")
    return OK


def _export(
    compiled: Compiled, args: argparse.Namespace, path: Path
) -> tuple[int, Proof | None, list[str]]:
    """Writes the file once it is proved; returns its bytes, the proof, and what else to say."""
    with needs("onnx"):
        from archspec.backends.onnx import (
            ExportError,
            OpsetError,
            PassError,
            export,
            passes_without,
            require_sayable,
        )
        from archspec.backends.onnx.files import replacing
    graph, opset = compiled.graph, args.opset
    try:
        passes = passes_without(args.without)
        check_rework(compiled, args)
        if args.triton:
            _require_place(Path(args.triton), graph)
        require_sayable(graph, opset)  # before weights are made, which may be too many
        weights = weights_from(graph, args.weights, args.seed)
        metadata = _metadata(compiled, args.weights)
        write = partial(export, graph, opset=opset, passes=passes, metadata=metadata)
        with replacing(path) as part, progress() as say:
            say("writing")
            write(weights, part)
            proof = None
            if not args.no_verify:
                with _renamed(part, path, "--no-verify writes the file all the same"):
                    proof = proved(graph, weights, part, write, say)
            with _renamed(part, path), proof_errors():
                remarks = [*_unknown(metadata), *rework(compiled, args, part, say)]
            size = sum(file.stat().st_size for file in part.parent.iterdir())
        if args.triton:
            remarks.append(_repository(path, Path(args.triton), compiled))
    except ExportError as error:
        code = USAGE if isinstance(error, OpsetError | PassError) else NO
        raise CommandError(error.message, exit_code=code, help=error.help) from error
    except OSError as error:
        message = f"cannot write {path}: {error.strerror}"
        raise CommandError(message, exit_code=ENVIRONMENT) from error
    return size, proof, remarks


@contextmanager
def _renamed(part: Path, path: Path, advice: str = "") -> Iterator[None]:
    """Calls the file by its own name in what is wrong with it, and adds advice.

    Raises:
        CommandError: Something is wrong.
    """
    try:
        yield
    except CommandError as error:
        message = error.message.replace(str(part), str(path))
        help_ = "; ".join(filter(None, (error.help, advice)))
        raise CommandError(message, exit_code=error.exit_code, help=help_) from error


def _require_place(directory: Path, graph: Graph) -> None:
    from archspec.backends.triton import require_place

    try:
        require_place(directory, graph)
    except OSError as error:
        message = f"cannot write {directory}: {error.strerror}"
        raise CommandError(message, exit_code=ENVIRONMENT) from error


def _repository(path: Path, directory: Path, compiled: Compiled) -> str:
    from archspec.backends.triton import write_repository

    try:
        return f"for Triton: {write_repository(path, directory, compiled.graph)}"
    except OSError as error:
        message = f"cannot write {directory}: {error.strerror}"
        raise CommandError(message, exit_code=ENVIRONMENT) from error


def _metadata(compiled: Compiled, weights: Path | None) -> dict[str, str]:
    from archspec.backends.fitted_step import to_json
    from archspec.backends.metadata import (
        CLASSES,
        FEATURES,
        PREPROCESS,
        SPEC,
        SPEC_HASH,
        spec_hash,
    )
    from archspec.training.data.labels import class_labels, feature_names

    graph, text = compiled.graph, compiled.resolved
    made = {
        SPEC: text,
        SPEC_HASH: spec_hash(text),
        "archspec.name": graph.name,
        "archspec.variant": graph.variant or "",
        "archspec.version": version("archspec-nn"),
        "archspec.versions": json.dumps({"onnx": version("onnx")}),
    }
    if compiled.train is None:
        return made
    data = compiled.train.data
    made[PREPROCESS] = json.dumps(to_json(steps_of(compiled, weights)))
    if labels := class_labels(data):
        made[CLASSES] = json.dumps(labels, ensure_ascii=False)
    if features := feature_names(data):
        made[FEATURES] = json.dumps(features, ensure_ascii=False)
    return made


def _unknown(metadata: Mapping[str, str]) -> list[str]:
    """Returns a line for people if the metadata have not all of what preprocessing learnt."""
    from archspec.backends.fitted_step import from_json
    from archspec.backends.metadata import PREPROCESS

    steps = from_json(json.loads(metadata.get(PREPROCESS, "[]")))
    names = dict.fromkeys(f"`{fitted.step.name}`" for fitted in steps if not fitted.ready)
    return [f"what {' and '.join(names)} learnt is not known without a run"] if names else []


def _lines(kind: str, values: Iterable[tuple[str, Value]]) -> list[str]:
    return [f"{kind:6} {name}: [{', '.join(map(str, value.type.shape))}]" for name, value in values]


def _size_text(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"
