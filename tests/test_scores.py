"""The shipped specs against torchvision's and timm's networks: known weights, the same scores.

Those were run elsewhere: `tools/reference_scores.py` wrote what they made.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
import torch
from claims import REFERENCE, ZOO, claims
from execution import by_name
from known_weights import known_image, known_network, without_heads
from shipped import checked
from torch import nn

from archspec.backends.torch import Network
from archspec.ir.graph import Graph

CLAIMS = claims("zoo")
SCORES: dict[str, Any] = json.loads((REFERENCE / "scores.json").read_text(encoding="utf-8"))[
    "networks"
]
TOLERANCE = 1e-4

DROPPED = {"timm_legacy_seresnet50": [0.2]}
"""Dropouts that a network has and ours, which is the paper's, has not; its spec says so."""


def test_every_network_of_torchvision_and_timm_is_compared() -> None:
    libraries = {key for key in ZOO if ZOO[key]["framework"].startswith(("torchvision", "timm"))}
    assert SCORES.keys() == libraries


@pytest.mark.parametrize("key", SCORES)
def test_theirs_gives_the_same_scores_and_trains_with_the_same_settings(key: str) -> None:
    wanted = SCORES[key]
    graph = graph_of(key, wanted["image"])
    network = known_network(graph, wanted["levels"])
    assert norms(network) == {(eps, momentum): n for eps, momentum, n in wanted["norms"]}
    assert dropouts(network) + DROPPED.get(key, []) == wanted["dropouts"]
    # Heads are there as in training, but all layers work as for inference.
    network.training = key.endswith("_aux")
    with torch.no_grad():
        made = by_name(graph, network(known_image(wanted["image"])))
    assert made.keys() == wanted["scores"].keys()
    for name, scores in wanted["scores"].items():
        places = torch.linspace(0, made[name].shape[-1] - 1, len(scores)).long()
        largest = made[name].abs().max().item()
        assert made[name][0, places].tolist() == pytest.approx(scores, abs=TOLERANCE * largest)


def graph_of(key: str, image: list[int]) -> Graph:
    """Returns the network that claims to equal a reference, without heads if that has none."""
    entry = CLAIMS[key]
    settings = {"inputs.image": str(image)}
    graph = checked(entry.spec, entry.variant, settings)[0].graph
    return graph if key.endswith("_aux") else without_heads(graph)


def norms(network: Network) -> Counter[tuple[float, float | None]]:
    """Returns how many normalisations have an epsilon and a momentum."""
    found = (module for module in network.modules() if isinstance(module, nn.BatchNorm2d))
    return Counter((module.eps, module.momentum) for module in found)


def dropouts(network: Network) -> list[float]:
    """Returns the probabilities of the dropouts."""
    return sorted(module.p for module in network.modules() if isinstance(module, nn.Dropout))
