"""Data: where examples come from, what is done to them, and how they are divided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, WithJsonSchema, model_validator

from archspec.frontend.schema import Section
from archspec.frontend.train_schema.augment import Augment
from archspec.frontend.train_schema.choice import Name, Portion, Rate, Seed, Some
from archspec.frontend.train_schema.preprocess import Steps


class Split(Section):
    """How examples are divided; the test split is taken first, validation from the rest.

    Both are scikit-learn's `train_test_split` with `random_state=seed`, folds its
    `StratifiedKFold` or `KFold`. Without `shuffle` the last examples are taken.
    """

    test: Portion = Field(
        default=0.2, description="share of all examples below 1, or their number; 0 for none"
    )
    validation: Portion = Field(
        default=0, description="share of what is not test, or number; 0 for none"
    )
    train: Some | None = Field(
        default=None,
        description="share of what is left, or number, if not all of it is to be trained on",
    )
    folds: Annotated[int, Field(ge=2, le=1000)] | None = Field(
        default=None,
        description="k of k-fold cross-validation: what is not test is validated k times, each "
        "time on another k-th of it",
    )
    seed: Seed = Field(default=0, description="which of all possible splits")
    stratify: bool = Field(
        default=True, description="whether each split has the classes in equal proportion"
    )
    shuffle: bool = Field(
        default=True, description="whether examples are drawn; else the last ones are taken"
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.folds and self.validation:
            raise ValueError("`folds` says what is validated; leave `validation` out")
        if not self.shuffle and self.stratify and "stratify" in self.model_fields_set:
            raise ValueError("`stratify` draws examples, and needs `shuffle: true`")
        return self


class Table(Section):
    """A CSV or Parquet file: a row for each example, a column for each feature."""

    file: Name = Field(description="the .csv or .parquet file, relative to the spec")
    target: Name = Field(description="the column of the class, or of the value to predict")
    features: Annotated[list[Name], Field(min_length=1)] | None = Field(
        default=None, description="the columns of the features; all others if left out"
    )


class Arrays(Section):
    """Two NumPy files, read from disk as they are needed."""

    x: Name = Field(description="the .npy file of the examples, relative to the spec")
    y: Name = Field(description="the .npy file of their classes or values")


class HuggingFace(Section):
    """A data set of the Hugging Face hub, or one that was saved to a directory."""

    path: Name = Field(description="its name on the hub, or a directory of `save_to_disk`")
    name: Name | None = Field(default=None, description="its configuration")
    revision: Name | None = Field(default=None, description="its version")
    features: Name = Field(default="image", description="the column of the examples")
    target: Name = Field(default="label", description="the column of the classes or values")


DATASETS: Mapping[str, int] = {
    "breast_cancer": 2, "digits": 10, "iris": 3, "wine": 3,
    "mnist": 10, "fashion_mnist": 10, "cifar10": 10, "cifar100": 100,
}  # fmt: skip
"""The data sets known by name, with their numbers of classes."""

SOURCES = ("dataset", "folder", "npz", "npy", "table", "huggingface")


Classes: TypeAlias = Annotated[
    list[str],
    Field(min_length=2),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "minLength": 1},
                {"type": "array", "items": {"type": "string"}, "minItems": 2},
            ]
        }
    ),
]
"""Names of classes; of the file that a spec may name instead, they are put into it beforehand."""


class Data(Section):
    """What a network is trained on."""

    dataset: Literal[
        "breast_cancer", "digits", "iris", "wine",
        "mnist", "fashion_mnist", "cifar10", "cifar100",
    ] | None = Field(
        default=None,
        description="one of the data sets that come with scikit-learn (breast_cancer, digits, "
        "iris, wine), or mnist, fashion_mnist, cifar10 or cifar100",
    )  # fmt: skip
    root: Name | None = Field(
        default=None,
        description="the directory of the data set's own files, relative to the spec; if left "
        "out, the usual places are searched",
    )
    download: bool = Field(
        default=True, description="whether a data set that is not on disk is downloaded"
    )
    folder: Name | None = Field(
        default=None,
        description="a directory or zip file of images, relative to the spec: one directory per "
        "class, or these in `train`, `test` and `validation`",
    )
    npz: Name | None = Field(
        default=None,
        description="a NumPy archive, relative to the spec: arrays x and y, or x_train, y_train, "
        "x_test and y_test",
    )
    npy: Arrays | None = Field(default=None, description="two NumPy files, {x, y}")
    table: Table | None = Field(
        default=None, description="a CSV or Parquet file, {file, target, features}"
    )
    huggingface: HuggingFace | None = Field(
        default=None, description="a data set of Hugging Face, {path, name, features, target}"
    )
    classes: Classes | None = Field(
        default=None,
        description="the names of the classes, in the order of their numbers, or a text file, "
        "relative to the spec, with a name in each line",
    )
    targets: Literal["classes", "values"] | None = Field(
        default=None,
        description="what is predicted; if left out, whole numbers, text and one-hot rows are "
        "classes, and all other numbers values",
    )
    channels_last: bool = Field(
        default=False, description="whether arrays of examples are [H, W, C], as in Keras"
    )
    one_hot: bool = Field(
        default=False, description="whether the loss gets classes one-hot, for mse and the like"
    )
    class_weights: Literal["balanced"] | dict[str, Rate] | None = Field(
        default=None,
        description="weights of classes in the loss, by name; `balanced` is scikit-learn's, "
        "examples / (classes * examples of the class)",
    )
    sample_weights: Name | None = Field(
        default=None, description="the array or column of each example's weight in the loss"
    )
    preprocess: Steps = Field(default=[], description="steps, applied in order")
    augment: Augment | None = Field(
        default=None, description="random changes of training images, such as horizontal_flip"
    )
    split: Split = Field(
        default=Split(), description="test, validation, folds, seed, stratify, shuffle"
    )
    shuffle: bool = Field(
        default=True, description="whether training examples come in a new order in each epoch"
    )
    in_memory: bool | None = Field(
        default=None,
        description="whether all examples are kept in memory; if left out, whether they take "
        "less than a quarter of it",
    )
    workers: Annotated[int, Field(ge=0, le=1024)] | None = Field(
        default=None,
        description="processes that read examples which are not kept in memory; if left out, "
        "one for each core where these are image files, else none",
    )

    @property
    def source(self) -> str:
        """Which of `SOURCES` is given."""
        return next(name for name in SOURCES if getattr(self, name) is not None)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in SOURCES if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"data come from one of {', '.join(f'`{name}`' for name in SOURCES)}")
        arrays = self.npz is not None or self.npy is not None
        if self.channels_last and not arrays:
            raise ValueError("`channels_last` is for arrays, `npz` or `npy`")
        if self.dataset and self.classes is not None:
            raise ValueError(f"the classes of {self.dataset} have names already")
        if self.sample_weights and not (self.npz or self.table):
            raise ValueError("`sample_weights` is for `npz` and `table`")
        if self.targets == "values" and self.classes is not None:
            raise ValueError("`classes` names classes, but `targets` says they are values")
        return self
