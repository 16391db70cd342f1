"""What `archspec evaluate` judges: a run's network in PyTorch, or a model under ONNX Runtime."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch

from archspec.backends.fitted_step import FittedStep
from archspec.cli.common import (
    ENVIRONMENT,
    NO,
    USAGE,
    CommandError,
    compile_options,
    find_spec,
)
from archspec.cli.extras import needs
from archspec.diagnostics import Refusal
from archspec.frontend import Compiled, UsageError, compile_spec, compile_text
from archspec.frontend.train_schema import TrainSpec
from archspec.ir.graph import Graph
from archspec.training.data.dataset import Columns, Dataset, Examples, load, load_file
from archspec.training.data.preprocess_file import learnt_with
from archspec.training.data.sources.table_file import is_table
from archspec.training.loop.agreement import check_agreement
from archspec.training.loop.engine import require_device
from archspec.training.loop.folds import fold_directory
from archspec.training.loop.objective import main_input, main_output
from archspec.training.record.class_results import ClassResult, class_results
from archspec.training.record.evaluation import (
    Evaluation,
    Outputs,
    evaluate,
    network_outputs,
    scores_of,
)
from archspec.training.record.judgement import Judgement, judgement
from archspec.training.record.run_record import fold_of

if TYPE_CHECKING:
    from archspec.backends.onnx_model import OnnxModel

SPLITS = ("train", "validation", "test")


class Evaluated(NamedTuple):
    """An evaluation and what it is of.

    Attributes:
        subject: The run, or the model.
        dataset: The name of the data.
        split: The split, or the file.
        examples: The examples.
        evaluation: The results.
        columns: The table that the examples come from, if they do.
    """

    subject: Path
    dataset: str
    split: str
    examples: Examples
    evaluation: Evaluation
    columns: Columns | None

    @property
    def classes(self) -> list[ClassResult]:
        """The results of each class, or label; none for values."""
        judged, labelled = self.evaluation.judged, self.evaluation.labelled
        if labelled:
            return labelled.results()
        return class_results(judged.confusion(), judged.classes) if judged else []

    def drawn(self) -> Judgement:
        """Returns the pictures of it."""
        return judgement(self.evaluation, self.examples, self.columns)


class _Subject(NamedTuple):
    """What is judged, and how."""

    graph: Graph
    train: TrainSpec
    steps: Sequence[FittedStep] | None
    outputs: Outputs
    fold: int | None = None
    laid_out: Callable[[torch.Tensor], torch.Tensor] | None = None
    features: Sequence[str] | None = None


def evaluated(args: argparse.Namespace) -> Evaluated:
    """Evaluates what the arguments name.

    Raises:
        CommandError: They do not go together, or there are no such examples.
        Refusal: Run, model or examples are not what they should be.
        SpecError: The spec has errors.
    """
    subject = _model(args) if args.subject.suffix == ".onnx" else _run(args)
    data, split = _data(args, subject)
    examples = data.splits[split]
    if not examples.number:
        raise CommandError(
            f"the {split} split of {data.name} is empty",
            help=f"give it a share: train.data.split.{split}, or choose another with --split",
        )
    if not examples.labelled:
        raise CommandError(
            f"{args.split} does not say what is true of its examples",
            help=_lacking(Path(args.split), subject.train),
        )
    if subject.laid_out:
        examples = examples._replace(held=subject.laid_out(examples.inputs), late=())
    judged = data._replace(splits={split: examples})
    check_agreement(subject.graph, judged, subject.train.loss.name)
    evaluation = evaluate(subject.outputs, subject.graph, subject.train, data, examples)
    return Evaluated(args.subject, data.name, args.split, examples, evaluation, data.columns)


def _lacking(file: Path, train: TrainSpec) -> str:
    if is_table(file) and train.data.table is not None:
        return f"add the column {train.data.table.target}"
    return "put an array y with their classes, or values, beside x"


def _data(args: argparse.Namespace, subject: _Subject) -> tuple[Dataset, str]:
    spec, taken = subject.train.data, main_input(subject.graph).type
    if args.split in SPLITS:
        return load(spec, taken, fold=subject.fold, steps=subject.steps), args.split
    path = Path(args.split)
    if path.suffix not in (".npz", ".npy") and not is_table(path):
        raise CommandError(
            f"there is no split `{args.split}`",
            exit_code=USAGE,
            help=f"choose {', '.join(SPLITS)}, or give an .npz file or a table",
        )
    size = main_output(subject.graph).type.example[0]
    classes = size if isinstance(size, int) else 1
    made = load_file(path, spec, taken, classes, steps=subject.steps, features=subject.features)
    return made, "file"


def _run(args: argparse.Namespace) -> _Subject:
    from archspec.backends.weights import load_weights

    directory = args.subject
    if not directory.exists():
        raise CommandError(
            f"{directory} is not there",
            exit_code=ENVIRONMENT,
            help="give the directory that `archspec train` named as `run:`, or an .onnx file",
        )
    if args.spec is None and not (directory / "spec.yaml").is_file():
        raise CommandError(
            f"{directory} is neither a run, which has a spec.yaml, nor an .onnx file",
            exit_code=USAGE,
            help="name the spec: archspec evaluate WEIGHTS SPEC",
        )
    compiled = _compiled(args, args.spec or str(directory))
    train = _trained(compiled)
    fold = fold_of(directory) if train.data.split.folds else None
    if fold is None and fold_directory(directory, 0).is_dir():
        raise CommandError(
            f"{directory} is a cross-validation, with a network for each fold",
            exit_code=USAGE,
            help=f"choose one, such as {fold_directory(directory, 0)}; `archspec compare` shows "
            "mean and spread",
        )
    device = require_device(args.device)
    weights = load_weights(directory)
    place = directory / "checkpoints" / "weights" if directory.is_dir() else directory
    return _Subject(
        compiled.graph,
        train,
        learnt_with(train.data.preprocess, place),
        network_outputs(compiled.graph, train, weights, device),
        fold,
    )


def _model(args: argparse.Namespace) -> _Subject:
    with needs("onnx"):
        from archspec.backends.metadata import AlteredError, stored_spec
        from archspec.backends.onnx_model import MismatchError, ModelError, OnnxModel, ProviderError
        from archspec.training.prediction.subject import subject_of
    try:
        model = OnnxModel(args.subject, args.provider)
        text = stored_spec(model.metadata, str(args.subject))
        if args.spec is None and text is None:
            raise CommandError(
                f"{args.subject} carries no spec, which says what data it is for",
                exit_code=USAGE,
                help="name one: archspec evaluate MODEL.onnx SPEC",
            )
        compiled = _compiled(args, args.spec) if args.spec else _stored(args, str(text))
        subject = subject_of(model, compiled, args.subject.stem)
    except OSError as error:
        message = f"cannot read {args.subject}: {error.strerror}"
        raise CommandError(message, exit_code=ENVIRONMENT) from error
    except (ModelError, MismatchError, ProviderError, AlteredError) as error:
        codes: dict[type[Refusal], int] = {ModelError: USAGE, ProviderError: ENVIRONMENT}
        code = codes.get(type(error), NO)
        raise CommandError(error.message, exit_code=code, help=error.help) from error
    train = _trained(compiled)
    outputs = _model_outputs(model, compiled.graph, train.loss.name)
    return _Subject(
        subject.graph, train, subject.steps, outputs, None, subject.laid_out, subject.features
    )


def _model_outputs(model: OnnxModel, graph: Graph, loss: str) -> Outputs:
    (name,), main = model.inputs, next(iter(graph.outputs))

    def outputs(inputs: torch.Tensor) -> torch.Tensor:
        made = [
            torch.from_numpy(model.run({name: part.numpy()})[main])
            for part in torch.split(inputs, model.fixed_batch or len(inputs))
        ]
        return scores_of(graph, loss, torch.cat(made).float())

    return outputs


def _compiled(args: argparse.Namespace, spec: str) -> Compiled:
    path, variant = find_spec(spec, args.variant)
    options = compile_options(args, variant)
    try:
        # A run's spec may name files outside of the run.
        options["allow_outside"] = args.allow_outside or args.spec is None
        return compile_spec(path, **options)
    except UsageError as error:
        raise CommandError(error.message, exit_code=USAGE, help=error.help) from None


def _stored(args: argparse.Namespace, text: str) -> Compiled:
    options = compile_options(args, args.variant)
    try:
        return compile_text(text, f"{args.subject}:archspec.spec", **options)
    except UsageError as error:
        raise CommandError(error.message, exit_code=USAGE, help=error.help) from None


def _trained(compiled: Compiled) -> TrainSpec:
    if compiled.train is None:
        raise CommandError(
            f"{compiled.graph.name} has no `train` section, which says what data it is for",
            exit_code=USAGE,
            help="name a spec that has one: archspec evaluate RUN|MODEL.onnx SPEC",
        )
    return compiled.train
