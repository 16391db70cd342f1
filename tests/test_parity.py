"""The table of networks beside the originals: all of them, of today, and within the limits."""

from __future__ import annotations

import math
from typing import Any

import pytest
from claims import ZOO, claims
from parity_table import KEYS, TRAINED, digest_of, faults, graph_for, read_table

from archspec.frontend import compile_text

TABLE: dict[str, Any] = read_table()


def test_every_network_that_a_library_has_is_compared() -> None:
    assert [*TABLE] == KEYS


def test_one_of_each_family_is_compared_in_training() -> None:
    networks = claims("zoo")
    families = {networks[key].spec for key in KEYS}
    assert {networks[key].spec for key in KEYS if "training" in TABLE[key]} == families


@pytest.mark.parametrize("key", TABLE)
def test_a_network_computes_what_the_original_does(key: str) -> None:
    entry = TABLE[key]
    assert faults(key, entry) == []
    library = ZOO[key]["framework"].partition(",")[0]
    assert entry["implementation"].startswith(f"{library} ")
    assert entry["implementation"].endswith(ZOO[key]["implementation"])
    assert entry["graph"] == digest_of(graph_for(key, entry["image"])), (
        "the network has changed since: run `python3.11 tools/parity.py`"
    )


GOOD = {"pytorch": 1e-6, "onnxruntime": 1e-6, "images_differ": 0.1, "swapped": 0.1,
        "training": {"outputs": 1e-9, "gradients": 1e-7, "statistics": 1e-7}}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({}, []),
        ({"pytorch": 2e-4}, ["pytorch"]),
        ({"pytorch": math.nan}, ["pytorch"]),
        ({"onnxruntime": 2e-4}, ["onnxruntime"]),
        ({"images_differ": 1e-3}, ["images_differ"]),
        ({"swapped": 1e-3}, ["swapped"]),
        ({"training": {"outputs": 1e-9, "gradients": 2e-6}}, ["gradients"]),
        ({"training": {}}, ["training"]),
    ],
)
def test_what_differs_or_shows_nothing_is_seen(change: dict[str, Any], fault: list[str]) -> None:
    assert faults(min(TRAINED), GOOD | change) == fault


NET = """
name: net
inputs: {image: [3, 9, 9]}
layers:
  - conv2d: {name: first, out_channels: 4, kernel_size: 3, stride: 2}
  - batch_norm
  - add: [first, batch_norm]
"""


@pytest.mark.parametrize(
    ("old", "new", "is_same"),
    [
        ("\n  - batch_norm", "\n  - batch_norm: {eps: 1e-5} # as it is", True),
        ("stride: 2", "stride: 2, padding: 1", False),
        ("[first, batch_norm]", "[first, first]", False),
        ("batch_norm\n", "batch_norm: {eps: 1e-3}\n", False),
        ("[3, 9, 9]", "[1, 9, 9]", False),
    ],
)
def test_a_digest_is_that_of_the_network_not_of_its_text(old: str, new: str, is_same: bool) -> None:
    one, two = (
        digest_of(compile_text(text, "net.yaml").graph) for text in (NET, NET.replace(old, new))
    )
    assert NET.replace(old, new) != NET
    assert (one == two) is is_same
