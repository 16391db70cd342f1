"""What other libraries, and people, call the operators, fields and keys of a spec.

Only a faulty spec or `archspec explain` asks, so looking at every operator is no cost to others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

from archspec import ops
from archspec.frontend.examples import example_graph
from archspec.frontend.suggest import compact
from archspec.ir.lowering import TorchFunction
from archspec.ir.op import Operator, OperatorError

_PREFIX = re.compile(r"(?:(tf|tensorflow|keras|layers)|(torch|nn|functional|F))\.")

WORDS: Mapping[str, str] = {
    "attention": "multi_head_attention",
    "aux": "auxiliary",
    "bn": "batch_norm",
    "branches": "concat",
    "convolution": "conv2d",
    "deconv": "conv_transpose2d",
    "deconvolution": "conv_transpose2d",
    "fc": "linear",
    "fully_connected": "linear",
    "gap": "global_avg_pool2d",
    "inner_product": "linear",
    "interpolate": "upsample",
    "leaky": "leaky_relu",
    "lrn": "local_response_norm",
    "pad": "zero_pad2d",
    "parallel": "concat",
    "pool": "max_pool2d",
    "pooling": "max_pool2d",
    "resize": "upsample",
    "self_attention": "multi_head_attention",
    "sequential": "group",
    "share": "reuse",
    "shared": "reuse",
    "shortcut": "residual",
    "skip": "residual",
    "skip_connection": "residual",
    "squeeze_and_excitation": "squeeze_excitation",
    "stochastic_depth": "drop_path",
    "sum": "add",
    "swish": "silu",
    "upconv": "conv_transpose2d",
}
"""Operators and constructs by names that neither Keras's layers nor torch's modules have."""

OPERATOR_ADVICE: Mapping[str, str] = {
    "activation": "write the activation as a layer of its own, such as `- relu`",
    "bidirectional": "write `- lstm: {hidden_size: 32, bidirectional: true}`",
    "block": "define it under `blocks:` and call it by its name",
    "elif": "put `when: =…` on the layers that depend on a condition",
    "else": "put `when: =…` on the layers that depend on a condition",
    "for": "put `repeat: …` on a layer or block",
    "if": "put `when: =…` on the layers that depend on a condition",
    "input": "inputs stand at the top of the spec: `inputs: {image: [1, 28, 28]}`",
    "input_layer": "inputs stand at the top of the spec: `inputs: {image: [1, 28, 28]}`",
    "lambda": "a spec holds no code; operators compute, and `=` begins a formula for a field",
    "output": "outputs stand at the top of the spec: `outputs: {logits: LAYER}`",
    "repeat": "`repeat` is a key of a layer: `- conv_bn: {out: 64, repeat: 3}`",
    "time_distributed": "leave it out: `linear` acts on the last axis at every step",
}
"""What to do instead, by names of what is no operator here."""

FIELDS: Mapping[str, tuple[str, ...]] = {
    "alpha": ("negative_slope",),
    "axes": ("dim", "dims"),
    "axis": ("dim",),
    "bias_initializer": ("bias_init",),
    "bias_term": ("bias",),
    "body": ("layers",),
    "bottom": ("from",),
    "channels": ("out_channels",),
    "condition": ("when",),
    "count": ("repeat",),
    "depth": ("repeat",),
    "dilation_rate": ("dilation",),
    "dropout_rate": ("p", "dropout"),
    "embeddings_initializer": ("weight_init",),
    "epsilon": ("eps",),
    "features": ("out_features", "hidden_size"),
    "filters": ("out_channels", "out_features", "hidden_size"),
    "frozen": ("freeze",),
    "group": ("groups",),
    "hidden": ("hidden_size",),
    "id": ("name",),
    "identity": ("shortcut",),
    "if": ("when",),
    "init": ("weight_init",),
    "initializer": ("weight_init",),
    "input": ("from",),
    "inputs": ("from",),
    "kernel": ("kernel_size",),
    "kernel_constraint": ("max_norm",),
    "kernel_initializer": ("weight_init",),
    "keep_dims": ("keepdim",),
    "l1": ("weight_l1",),
    "l2": ("weight_l2",),
    "label": ("name",),
    "layer": ("layers", "body"),
    "layers": ("body",),
    "loss_weight": ("weight",),
    "n": ("repeat",),
    "neurons": ("out_features", "hidden_size"),
    "nodes": ("out_features", "hidden_size"),
    "num_filters": ("out_channels",),
    "num_output": ("out_channels", "out_features"),
    "num_units": ("out_features", "hidden_size"),
    "out": ("out_channels", "out_features"),
    "out_channels": ("out_features", "hidden_size"),
    "out_features": ("out_channels", "hidden_size"),
    "output_channels": ("out_channels",),
    "output_dim": ("out_features", "embedding_dim"),
    "output_shape": ("expect",),
    "pad": ("padding",),
    "pool_size": ("kernel_size",),
    "prob": ("p",),
    "probability": ("p",),
    "rate": ("p", "dilation"),
    "size": ("kernel_size", "out_channels", "out_features", "scale_factor"),
    "skip": ("shortcut",),
    "source": ("from",),
    "strides": ("stride",),
    "times": ("repeat",),
    "units": ("out_features", "hidden_size", "out_channels"),
    "use_bias": ("bias",),
    "weight_decay": ("weight_l2",),
    "weight_initializer": ("weight_init",),
    "window": ("kernel_size",),
}
"""Keys of a layer by other names; the first one that the layer has is meant."""

_INFERRED = "leave it out: it follows from the input"
_OF_LAYERS = "leave it out: every layer is computed in single precision where its network is"
_NO_WEIGHTS = (
    "no trained weights come with archspec: `archspec train` makes them, and `archspec export "
    "--weights` takes those of a run or a file"
)

FIELD_ADVICE: Mapping[str, str] = {
    "activation": OPERATOR_ADVICE["activation"],
    "activity_regularizer": "write `output_l1: 1e-4` or `output_l2: 1e-4`",
    "batch_first": "leave it out: the batch always comes first",
    "batch_input_shape": _INFERRED,
    "bias_regularizer": "write `bias_l1: 1e-4` or `bias_l2: 1e-4`",
    "data_format": "leave it out: channels always come first",
    "device": _OF_LAYERS,
    "dtype": _OF_LAYERS,
    "embed_dim": _INFERRED,
    "in_channels": _INFERRED,
    "in_features": _INFERRED,
    "inplace": "leave it out: it changes nothing that can be seen",
    "input_channels": _INFERRED,
    "input_dim": _INFERRED,
    "input_length": _INFERRED,
    "input_shape": _INFERRED,
    "input_size": _INFERRED,
    "kernel_regularizer": "write `weight_l1: 1e-4` or `weight_l2: 1e-4`",
    "imagenet": _NO_WEIGHTS,
    "include_top": "cut the network with `use: {spec: resnet, until: stage4}`, before its head",
    "normalized_shape": _INFERRED,
    "num_features": _INFERRED,
    "pretrained": _NO_WEIGHTS,
    "requires_grad": "write `freeze: true` for weights that training leaves alone",
    "trainable": "write `freeze: true` for `trainable: false`",
    "weights": _NO_WEIGHTS,
}
"""What to do instead, by keys that no layer has."""

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "AdamW": ("adamw",),
    "architecture": ("layers",),
    "augmentation": ("augment",),
    "backbone": ("layers",),
    "base": ("extends",),
    "batch": ("batch_size",),
    "bce": ("binary_cross_entropy",),
    "bce_with_logits": ("binary_cross_entropy",),
    "BCELoss": ("binary_cross_entropy",),
    "BCEWithLogitsLoss": ("binary_cross_entropy",),
    "binary_crossentropy": ("binary_cross_entropy",),
    "callbacks": ("early_stopping",),
    "categorical_crossentropy": ("cross_entropy",),
    "class_weight": ("class_weights",),
    "clipnorm": ("clip_norm",),
    "clipvalue": ("clip_value",),
    "configs": ("variants",),
    "CosineAnnealingLR": ("cosine",),
    "CosineDecay": ("cosine",),
    "criterion": ("loss",),
    "crossentropy": ("cross_entropy",),
    "CrossEntropyLoss": ("cross_entropy",),
    "csv": ("table",),
    "definitions": ("blocks",),
    "description": ("title",),
    "directory": ("folder",),
    "EarlyStopping": ("early_stopping",),
    "ExponentialLR": ("exponential",),
    "featurewise_center": ("standardize",),
    "featurewise_std_normalization": ("standardize",),
    "flow_from_directory": ("folder",),
    "functions": ("blocks",),
    "grayscale": ("color_mode",),
    "huber_loss": ("huber",),
    "HuberLoss": ("huber",),
    "import": ("include",),
    "imports": ("include",),
    "image_dataset_from_directory": ("folder",),
    "ImageFolder": ("folder",),
    "imbalance": ("class_weights",),
    "imbalanced": ("class_weights",),
    "input_shape": ("inputs",),
    "KFold": ("folds",),
    "l1": ("mae",),
    "l1_loss": ("mae",),
    "L1Loss": ("mae",),
    "l2_loss": ("mse",),
    "learning_rate": ("lr",),
    "lr_scheduler": ("schedule",),
    "macros": ("blocks",),
    "mean_absolute_error": ("mae",),
    "mean_squared_error": ("mse",),
    "model": ("layers",),
    "modules": ("blocks", "layers"),
    "mse_loss": ("mse",),
    "MSELoss": ("mse",),
    "MultiStepLR": ("multi_step",),
    "n_splits": ("folds",),
    "nb_epoch": ("epochs",),
    "network": ("layers",),
    "nll_loss": ("cross_entropy",),
    "NLLLoss": ("cross_entropy",),
    "num_workers": ("workers",),
    "OneCycleLR": ("one_cycle",),
    "paper": ("source",),
    "parquet": ("table",),
    "presets": ("variants",),
    "random_state": ("seed",),
    "RandomHorizontalFlip": ("horizontal_flip",),
    "RandomVerticalFlip": ("vertical_flip",),
    "reduce_on_plateau": ("plateau",),
    "ReduceLROnPlateau": ("plateau",),
    "RMSprop": ("rmsprop",),
    "sample_weight": ("sample_weights",),
    "samplewise_center": ("standardize",),
    "samplewise_std_normalization": ("standardize",),
    "scheduler": ("schedule",),
    "smooth_l1_loss": ("huber",),
    "SmoothL1Loss": ("huber",),
    "sparse_categorical_crossentropy": ("cross_entropy",),
    "StandardScaler": ("standardize",),
    "StepLR": ("step",),
    "target_size": ("resize",),
    "test_size": ("test",),
    "url": ("source",),
    "validation_split": ("validation",),
    "version": ("archspec",),
    "zca": ("whiten",),
    "zca_epsilon": ("epsilon",),
    "zca_whitening": ("whiten",),
}
"""Keys and choices of sections by other names; the first one that there is is meant."""

_KEPT = (
    "every run keeps its best epoch, chosen by `monitor`, and the last; `archspec train --resume "
    "RUN` goes on with the last"
)
_ROC = "write `metrics: [auc]`, which is the area under the ROC curve"

SECTION_ADVICE: Mapping[str, str] = {
    "AUROC": _ROC,
    "checkpoint": _KEPT,
    "checkpoints": _KEPT,
    "class_mode": "leave it out: the data show whether there are classes; `targets` settles it",
    "CSVLogger": "leave it out: every run writes `metrics.csv`",
    "DataLoader": "its arguments are `batch_size` of `train`, and `shuffle` and `workers` of "
    "`train.data`",
    "ModelCheckpoint": f"leave it out: {_KEPT}",
    "preprocessing_function": "write the steps of `preprocess`: rescale, resize, normalize, …",
    "resume": "`archspec train --resume RUN` goes on with a run after its last epoch",
    "roc": _ROC,
    "roc_auc": _ROC,
    "save_format": "`archspec data SPEC --save DIR` writes the augmented images",
    "save_prefix": "`archspec data SPEC --save DIR` writes the augmented images",
    "save_to_dir": "`archspec data SPEC --save DIR` writes the augmented images",
    "subset": "leave it out: `split` makes training, validation and test examples",
    "TensorBoard": "leave it out: every run writes TensorBoard's logs",
    "to_categorical": "leave it out: a loss that needs classes one-hot is given `one_hot: true`",
    "validation_data": "put it into a directory `validation` beside `train`, or write `split: "
    "{validation: 0.2}`",
    "verbose": "leave it out",
}
"""What to do instead, by what is no key of a section."""


class Found(NamedTuple):
    """What is called otherwise elsewhere.

    Attributes:
        name: The name of the operator or construct here.
        library: Who calls it so; empty for people.
    """

    name: str
    library: str


def bare(word: str) -> str:
    """Returns a name without the module before it and the arguments behind it."""
    name = word.partition("(")[0].strip()
    while found := _PREFIX.match(name):
        name = name[found.end() :]
    return name


def library_of(word: str) -> str:
    """Returns the library that a module before a name belongs to, or an empty string."""
    prefix = _PREFIX.match(word)
    return "" if prefix is None else "Keras" if prefix[1] else "torch"


def operator_advice(name: str) -> str:
    """Returns what to do instead of calling what is no operator here, or an empty string."""
    advice = {compact(word): text for word, text in OPERATOR_ADVICE.items()}
    return advice.get(compact(name), "")


def called_elsewhere(word: str) -> Found | None:
    """Returns the operator that Keras, torch or people call `word`, if there is one."""
    name = bare(word)
    libraries = [("Keras", keras_names), ("torch", torch_names)]
    if library_of(word) == "torch":
        libraries.reverse()
    for exact in (True, False):
        for library, names in libraries:
            known = names(ops.names())
            meant = known.get(name) if exact else _by_compact(known).get(compact(name))
            if meant:
                return Found(meant, library if exact else "")
    other = _by_compact({**{name: name for name in ops.names()}, **WORDS})
    # What has no number of axes is for images.
    meant = other.get(compact(name)) or other.get(f"{compact(name)}2d")
    return Found(meant, "") if meant else None


@cache
def keras_names(names: tuple[str, ...]) -> Mapping[str, str]:
    """Returns the operators among `names` by what Keras calls them; the first of several."""
    known: dict[str, str] = {}
    for name in names:
        for keras in ops.find(name).keras_names:
            known.setdefault(keras, name)
    known.pop("Activation", None)  # it is what its argument says
    return known


@cache
def torch_names(names: tuple[str, ...]) -> Mapping[str, str]:
    """Returns the operators among `names` by what torch calls their modules and functions.

    What several operators are in torch is the one of that name, or else left out.
    """
    users: dict[str, set[str]] = {}
    for name in names:
        for torch in _in_torch(ops.find(name)):
            users.setdefault(torch, set()).add(name)
    meant = {
        torch: {name for name in found if compact(name) == compact(torch)} or found
        for torch, found in users.items()
    }
    return {torch: name for torch, (name, *others) in meant.items() if not others}


def _in_torch(op: type[Operator]) -> Iterator[str]:
    """Yields what torch calls an operator, where a single module or function says it."""
    for example in op.examples:
        try:
            nodes = example_graph(op, example).nodes
            lowering = nodes[0].op.torch(*nodes[0].input_types)
        except (OperatorError, ValueError, NotImplementedError):
            continue  # an operator of the user's own need not be sound
        args = lowering.args if isinstance(lowering, TorchFunction) else ()
        nested = any(isinstance(argument, TorchFunction) for argument in args)
        if len(nodes) == 1 and not nested and lowering.target.startswith("torch."):
            yield lowering.target.rpartition(".")[2]


def _by_compact(names: Mapping[str, str]) -> Mapping[str, str]:
    return {compact(name): meant for name, meant in names.items()}
