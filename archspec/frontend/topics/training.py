"""Topics: the `train` section and its parts."""

from __future__ import annotations

from collections.abc import Mapping

from archspec.frontend.topics.model import Topic, fields_of
from archspec.frontend.train_schema import (
    Augment,
    Data,
    Loss,
    Optimizer,
    Phase,
    Schedule,
    Split,
    Step,
    TrainSpec,
    Weights,
)

_NETWORK = """\
name: clothes
inputs: {image: [1, 28, 28]}
layers:
  - conv2d: {out_channels: 16, kernel_size: 3, padding: same}
  - relu
  - max_pool2d: {kernel_size: 2}
  - flatten
  - linear: 10
train:
"""

TRAINING: Mapping[str, Topic] = {
    "train": Topic(
        "what a network is trained on, and how",
        "The `train` section says what `archspec train` does, as Keras's `compile` and `fit` do. "
        "What can be chosen is written as layers are: a name, or a name with its options.\n\n"
        "A file of its own can say it for a network that stands elsewhere: `extends: resnet`, or "
        "`extends: {spec: resnet, variant: resnet18}`, and a `train` section. Every value can be "
        "given on the command line too: --set train.optimizer.sgd.lr=0.1.\n\n"
        "Of several outputs the first is trained; the loss of an `auxiliary` head is added to its.",
        """\
name: flowers
inputs: {measurements: [4]}
layers:
  - linear: 16
  - relu
  - linear: 3
train:
  data: {dataset: iris, split: {test: 0.3}}
  loss: cross_entropy
  optimizer: {adam: {lr: 0.01}}
  epochs: 50
""",
        words=("training", "fit", "compile"),
        section=TrainSpec,
        elsewhere={
            Data: "data",
            Loss: "loss",
            Optimizer: "optimizer",
            Phase: "transfer",
            Schedule: "schedule",
            Weights: "transfer",
        },
    ),
    "transfer": Topic(
        "starting from trained weights",
        "`weights` are those of a run, or a file that `archspec weights import` wrote; --weights "
        "on the command line says the same. All of the network has to be in it, or all of the "
        "layer `to`, but for what `skip` names: that starts from its initialisers.\n\n"
        "`freeze` keeps layers as they are, and `phases` change which ones learn: first the new "
        "layers alone, then some of the upper ones of the old network too, with a smaller rate. "
        "Names are name paths, as `archspec check` lists them, of layers or of what they are in, "
        "and may be patterns. Batch norm of frozen layers runs in evaluation mode, and stays "
        "frozen when the layers around it are unfrozen, unless a phase has `batch_norm: "
        "trained`.\n\n"
        "A phase has its own optimiser and schedule, which are those of `train` if it says "
        "nothing else, and goes on until its epochs are over or `early_stopping` ends it. The "
        "best epoch is that of all phases.\n\n"
        "`cache_features: true` computes once what layers make that no phase has trained so far, "
        "and that neither dropout nor another noise precedes, in training and validation: "
        "feature extraction. `learning_rates` multiplies the rate of some layers, or weights.",
        """\
name: clothes
inputs: {image: [1, 28, 28]}
layers:
  - use: {name: base, spec: mnist_cnn, until: flatten}
  - linear: {name: classifier, out_features: 10}
train:
  data:
    dataset: fashion_mnist
    preprocess: [{rescale: 0.00392157}]
    split: {validation: 5000}
  weights: {file: runs/mnist, to: base}
  freeze: base
  cache_features: true
  phases:
    - {epochs: 5}
    - {epochs: 10, unfreeze: "base.conv2d_2", lr: 0.0001}
""",
        tables={"train.weights: a file, or": fields_of(Weights)},
        words=("fine-tuning", "finetuning", "feature extraction"),
        section=Phase,
        elsewhere={Optimizer: "optimizer", Schedule: "schedule"},
    ),
    "data": Topic(
        "what a network is trained on",
        "Examples come from one of `dataset`, `folder`, `npz`, `npy`, `table` and `huggingface`. "
        "Paths are relative to the file that says them. Test sets that data bring along are the "
        "test split; `archspec data SPEC` shows what is there.\n\n"
        "What is predicted, classes, several labels at once (multi-label) or values (regression), "
        "is seen from the targets: `archspec explain targets`.",
        _NETWORK + "  data: {dataset: fashion_mnist, preprocess: [{rescale: 0.00392157}]}\n"
        "  epochs: 5\n",
        section=Data,
        elsewhere={Step: "preprocess", Augment: "augment", Split: "splits"},
    ),
    "targets": Topic(
        "what is predicted: classes, several labels, or values",
        "Classes are whole numbers from 0, text, names of directories, or one-hot rows. With "
        "`loss: cross_entropy` the network has one output for each class; with "
        "`binary_cross_entropy` two classes have one output. `one_hot: true` is for mse and the "
        "like.\n\n"
        "Several labels at once, multi-label, are rows of 0 and 1, an array `[examples, labels]`: "
        "`loss: binary_cross_entropy`, and one output for each label; `classes` names them. If "
        "every row has a single 1, it would be taken for one-hot: write `targets: values` in "
        "`train.data`.\n\n"
        "Values, regression, are all other numbers, one or several for each example: `loss: mse`, "
        "`mae` or `huber`, and as many outputs. Whole numbers would be taken for classes: write "
        "`targets: values`, too.",
        """\
name: genres
inputs: {features: [20]}
layers: [linear: 16, relu, linear: 4]
train:
  data: {npz: films.npz}
  loss: binary_cross_entropy
  metrics: [accuracy, f1, auc]
  epochs: 10
""",
        words=("multi-label", "multi_label", "multilabel", "regression", "classification"),
    ),
    "splits": Topic(
        "training, validation and test examples",
        "The test split is looked at once, after training; validation chooses the epoch. With "
        "`folds`, what is not test is validated in turn, and the figures are means and spreads; "
        "test is left for `archspec evaluate RUN/fold-1`, and with `test: 0` all examples are "
        "validated.",
        _NETWORK + "  data:\n    dataset: digits\n    preprocess: [{resize: [28, 28]}]\n"
        "    split: {test: 0.2, folds: 5, seed: 1}\n  epochs: 5\n",
        words=("train_test_split", "cross_validation", "k-fold", "StratifiedKFold"),
        section=Split,
    ),
    "preprocess": Topic(
        "what is done to every example",
        "Steps are applied in order, in training, validation and prediction; exported models carry "
        "them. What a step learns, as a mean, it learns from the training split.",
        _NETWORK + "  data:\n    dataset: digits\n    preprocess:\n      - rescale: 0.0625\n"
        "      - resize: [28, 28]\n      - standardize: featurewise\n  epochs: 5\n",
        words=("preprocessing", "featurewise_center", "zca_whitening"),
        section=Step,
    ),
    "augment": Topic(
        "random changes of training images",
        "Every training image is changed anew in each epoch; images of validation and test never "
        "are. `archspec data SPEC --augmented` shows what becomes of them, and `--save DIR` writes "
        "them.",
        _NETWORK + "  data:\n    dataset: fashion_mnist\n    preprocess: [{rescale: 0.00392157}]\n"
        "    augment: {rotation_range: 10, width_shift_range: 0.1, horizontal_flip: true}\n"
        "  epochs: 5\n",
        words=("augmentation", "ImageDataGenerator", "RandomErasing"),
        section=Augment,
    ),
    "loss": Topic(
        "what training minimises",
        "Cross-entropies are computed on scores: where the network ends in softmax or sigmoid, on "
        "what that takes. Auxiliary heads add theirs by their `weight`, and weights and outputs "
        "their penalties.",
        _NETWORK + "  data: {dataset: digits, preprocess: [{resize: [28, 28]}]}\n"
        "  loss: {cross_entropy: {label_smoothing: 0.1}}\n  epochs: 5\n",
        words=(
            "sparse_categorical_crossentropy",
            "categorical_crossentropy",
            "binary_crossentropy",
            "mean_squared_error",
        ),
        section=Loss,
    ),
    "optimizer": Topic(
        "how weights follow the gradient",
        "Names and defaults are PyTorch's. `batch_size: 1` is stochastic gradient descent, "
        "`batch_size: full` that of all examples, and any number between them mini-batches.",
        _NETWORK + "  data: {dataset: digits, preprocess: [{resize: [28, 28]}]}\n"
        "  optimizer: {sgd: {lr: 0.1, momentum: 0.9, nesterov: true}}\n"
        "  batch_size: 64\n  epochs: 5\n",
        words=("optimiser", "Adam", "SGD"),
        section=Optimizer,
    ),
    "schedule": Topic(
        "how the learning rate changes",
        "The rate of the optimiser is the largest one. `warmup` lets it rise to that over its "
        "first epochs, before what `schedule` says begins.",
        _NETWORK + "  data: {dataset: digits, preprocess: [{resize: [28, 28]}]}\n"
        "  schedule: cosine\n  warmup: 1\n  epochs: 5\n",
        words=("lr_scheduler", "ReduceLROnPlateau", "learning rate"),
        section=Schedule,
    ),
}
"""Topics by name."""
