"""The lecture notes' table of what an Inception module costs, naive and with bottlenecks."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from claims import REFERENCE
from shipped import checked

TABLE: dict[str, Any] = json.loads((REFERENCE / "listings.json").read_text(encoding="utf-8"))[
    "inception_cost_table"
]
ROWS = {
    "1x1 conv": "b1.conv2d",
    "1x1 -> 3x3": "b3.conv2d",
    "3x3 conv": "b3.conv2d_2",
    "1x1 -> 5x5": "b5.conv2d",
    "5x5 conv": "b5.conv2d_2",
    "3x3 pool": "pool.max_pool2d",
    "pool -> 1x1": "pool.conv2d",
}
"""The layers by what the table calls them."""


@pytest.mark.parametrize(
    ("version", "variant"), [("naive", "inception_naive"), ("bottleneck", None)]
)
def test_each_layer_costs_what_the_table_says(version: str, variant: str | None) -> None:
    _, made = checked("inception_module", variant)
    _, *layers = made["layers"]
    rows = TABLE[version]["rows"]
    costs = {layer["name"]: cost(layer) for layer in layers}
    total = {**sum((Counter(each) for each in costs.values()), Counter())}
    total["channels"] = costs.pop("concat")["channels"]
    assert costs == {ROWS[row]: figures(rows[row]) for row in rows if row != "total"}
    assert total == figures(rows["total"])


def cost(layer: dict[str, Any]) -> dict[str, int]:
    """Returns the figures of a layer: channels, weights, biases, multiply-adds."""
    channels = layer["output_shapes"][0][0]
    biases = channels if "bias" in layer["tensors"] else 0
    weights = layer["params"] - biases
    return {"channels": channels, "weights": weights, "biases": biases, "macs": layer["macs"]}


def figures(row: dict[str, Any]) -> dict[str, int]:
    """Returns the same figures of a row of the table."""
    return {key: row[key] for key in ("channels", "weights", "biases", "macs")}
