"""Whether runs were judged on the same examples, without which none of them is the better one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archspec.frontend.train_schema import TrainSpec
from archspec.frontend.train_schema.data import SOURCES

OF_DATA = (*SOURCES, "classes", "targets")
"""The fields of `train.data` that say which examples there are, and what is true of them."""

OF_TEST = ("test", "seed", "stratify", "shuffle")
"""The fields of `train.data.split` that the test split depends on."""


def other_examples(specs: Sequence[TrainSpec], stage: str) -> list[str]:
    """Returns the settings by which runs were judged on other examples than each other.

    Args:
        specs: The `train` section of each run.
        stage: What they were judged on: `train`, `validation` or `test`.
    """
    said = [_said(spec, stage) for spec in specs]
    return [name for name in said[0] if any(each[name] != said[0][name] for each in said)]


def _said(spec: TrainSpec, stage: str) -> Mapping[str, object]:
    split, table = spec.data.split, spec.data.table
    of_all = {*type(split).model_fields} - ({"train"} if stage == "validation" else set())
    fields = OF_TEST if stage == "test" else sorted(of_all)
    return {
        **{f"data.{name}": getattr(spec.data, name) for name in OF_DATA},
        "data.table": table and (table.file, table.target),  # examples may have other features
        **{f"data.split.{name}": getattr(split, name) for name in fields},
    }
