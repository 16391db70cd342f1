"""What scores cannot show: settings of the networks that `test_scores` does not compare.

They are those of the papers, of Keras's code and of the lecture notes. The dropouts of the notes'
listings are in `test_listings`.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import pytest
from shipped import VARIANTS, checked

from archspec.ops.batch_norm import BatchNorm
from archspec.ops.conv2d import Conv2d
from archspec.ops.dropout import Dropout


class Settings(NamedTuple):
    """Settings of a network.

    Attributes:
        norm: The epsilon and momentum of its batch norms; 1 less the momentum is Keras's.
        dropouts: The probabilities of its dropouts in their order.
    """

    norm: tuple[float, float] | None = None
    dropouts: tuple[float, ...] = ()


KERAS = (1e-3, 0.01)
"""The defaults of Keras's layer."""

KERAS_RESNET = (1.001e-5, 0.01)
"""What Keras's ResNets and DenseNets have."""

SETTINGS = {
    "alexnet_notes*": Settings(KERAS),
    "alexnet*": Settings(None, (0.5, 0.5)),
    "cnn_*": Settings(None, (0.5, 0.5)),
    "densenet*_keras": Settings(KERAS_RESNET),
    "googlenet": Settings(None, (0.7, 0.7, 0.4)),
    "inception_*_keras": Settings(KERAS),
    "mobilenet_v1_keras": Settings(KERAS, (1e-3,)),
    "mobilenet_v2_keras": Settings((1e-3, 0.001)),
    "nasnet*_timm": Settings((1e-3, 0.1)),
    "nasnet*": Settings((1e-3, 3e-4)),
    "resnet*_v2": Settings(KERAS_RESNET),
    "resnet*_keras": Settings(KERAS_RESNET),
    "resnet50_[gt]*": Settings(KERAS_RESNET),
    "unet": Settings(None, (0.5,)),
    "vgg*_keras": Settings(),
    "vgg*": Settings(None, (0.5, 0.5)),
    "xception": Settings(KERAS),
}
"""By patterns of names, of which the first that fits counts."""

PATTERNS = {
    (spec, variant): patterns[0]
    for spec, variant in VARIANTS
    if (patterns := [p for p in SETTINGS if fnmatchcase(variant or spec, p)])
}


@pytest.mark.parametrize(("spec", "variant"), PATTERNS)
def test_norms_and_dropouts_are_those_of_the_original(spec: str, variant: str | None) -> None:
    nodes = checked(spec, variant)[0].graph.nodes
    wanted = SETTINGS[PATTERNS[spec, variant]]
    norms = {(n.op.eps, n.op.momentum) for n in nodes if isinstance(n.op, BatchNorm)}
    assert norms == ({wanted.norm} if wanted.norm else set())
    assert tuple(n.op.p for n in nodes if isinstance(n.op, Dropout)) == wanted.dropouts


def test_every_pattern_counts_for_a_network() -> None:
    assert {*PATTERNS.values()} == SETTINGS.keys()


@pytest.mark.parametrize(
    ("spec", "variant", "weights"),
    [
        ("googlenet", None, {"aux1": 0.3, "aux2": 0.3}),
        ("googlenet", "googlenet_torchvision", {"aux1": 0.3, "aux2": 0.3}),
        ("inception_v3", None, {"aux": 0.4}),
    ],
)
def test_the_losses_of_heads_weigh_what_the_original_says(
    spec: str, variant: str | None, weights: dict[str, float]
) -> None:
    heads = checked(spec, variant)[0].graph.heads
    assert {name: head.weight for name, head in heads.items()} == weights


@pytest.mark.parametrize(
    ("spec", "operator", "fields"),
    [
        ("data_augmentation", "random_flip", {"mode": "horizontal"}),
        ("data_augmentation", "random_rotation", {"factor": 0.1}),
        ("data_augmentation", "random_zoom", {"height_factor": 0.2, "width_factor": None}),
        ("dogs_vs_cats", "rescaling", {"scale": 1 / 255, "offset": 0}),
    ],
)
def test_layers_are_set_as_the_listing_says(
    spec: str, operator: str, fields: dict[str, Any]
) -> None:
    nodes = checked(spec)[0].graph.nodes
    (node,) = (node for node in nodes if node.op.kind() == operator)
    assert fields.items() <= node.op.model_dump().items()


def test_the_convolutions_of_the_notes_lenet_begin_with_uniform_weights() -> None:
    for variant in (None, "lenet5_notes_28"):
        nodes = checked("lenet5_notes", variant)[0].graph.nodes
        kernels = [n.treatment.weight_init for n in nodes if isinstance(n.op, Conv2d)]
        assert [(init.target, init.arguments) for init in kernels if init] == [
            ("torch.nn.init.uniform_", {"a": -0.05, "b": 0.05})
        ] * 2
