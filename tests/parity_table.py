"""The table of networks that were compared with the originals, which `tools/parity.py` writes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from claims import REFERENCE, ZOO, claims
from known_weights import without_heads

from archspec.frontend import compile_spec
from archspec.frontend.shipped import shipped_specs
from archspec.ir.graph import Graph

FILE = REFERENCE / "parity.json"

LIBRARIES = ("torchvision", "timm", "keras")

LIMIT = 1e-4
"""How much outputs may differ, by the largest of them, in single precision."""

TRAINING_LIMIT = 1e-6
"""The same of outputs, gradients and statistics in training, in double precision.

Gradients are handed over in single precision, whose rounding is 6e-8.
"""

VISIBLE = 1e-2
"""How much the outputs of two images differ at least, and those with two tensors swapped."""

SETTINGS = {"keras_VGG": {"softmax": "false"}}
"""What makes a spec end in scores, by how a key begins."""

TRAINED = frozenset({
    "torchvision_alexnet", "torchvision_vgg11", "torchvision_googlenet_aux",
    "torchvision_inception_v3_aux", "torchvision_resnet18", "torchvision_resnet50",
    "resnet50_v1_paper", "torchvision_resnext50_32x4d", "torchvision_mobilenet_v2",
    "torchvision_densenet121", "timm_legacy_seresnet50", "timm_seresnet50",
    "timm_legacy_senet154", "timm_senet154", "timm_legacy_xception",
    "timm_inception_resnet_v2", "timm_nasnetalarge", "timm_mobilenetv1_100",
    "keras_VGG16", "keras_Xception", "keras_ResNet50", "keras_ResNet50V2", "keras_InceptionV3",
    "keras_InceptionResNetV2", "keras_MobileNet", "keras_MobileNetV2", "keras_DenseNet121",
    "keras_NASNetMobile",
})  # fmt: skip
"""Networks that are also compared in training: of each family one or more."""

KEYS = [key for key in ZOO if ZOO[key]["framework"].startswith(LIBRARIES)]
"""What the table must have: all references that one of the libraries implements."""


def read_table() -> dict[str, Any]:
    """Returns the entries of the table by key, none if it has not been written."""
    if not FILE.exists():
        return {}
    networks: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))["networks"]
    return networks


def settings_for(key: str, image: Sequence[int]) -> dict[str, str]:
    """Returns the settings of the spec that claims to equal a reference, for images of a size."""
    own = (own for start, own in SETTINGS.items() if key.startswith(start))
    return {"inputs.image": str([*image]), **next(own, {})}


def graph_for(key: str, image: Sequence[int]) -> Graph:
    """Returns the network that claims to equal a reference, without heads if that has none."""
    entry = claims("zoo")[key]
    path, settings = str(shipped_specs()[entry.spec]), settings_for(key, image)
    graph = compile_spec(path, variant=entry.variant, settings=settings).graph
    return graph if key.endswith("_aux") else without_heads(graph)


def digest_of(graph: Graph) -> str:
    """Returns a digest of all layers, what they read and their weights: another one, another net.

    Words, comments and fields at their defaults do not count.
    """
    lines = [f"{name} {value.type}" for name, value in graph.inputs.items()]
    for node in graph.nodes:
        fields = node.op.model_dump_json(exclude_defaults=True)
        reads = ",".join(value.name for value in node.inputs)
        shapes = ",".join(f"{name}{param.shape}" for name, param in node.tensors().items())
        lines.append(f"{node.path} {node.op.kind()}{fields} {reads} {node.shares} {shapes}")
    ends = graph.outputs | {name: head.value for name, head in graph.heads.items()}
    lines += [f"{name} {value.name}" for name, value in ends.items()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def faults(key: str, entry: Mapping[str, Any]) -> list[str]:
    """Returns what is wrong with an entry: what differs, or shows nothing."""
    wrong = [name for name in ("pytorch", "onnxruntime") if not entry[name] <= LIMIT]
    wrong += [name for name in ("images_differ", "swapped") if not entry[name] >= VISIBLE]
    training = entry.get("training", {})
    wrong += [name for name, value in training.items() if not value <= TRAINING_LIMIT]
    return wrong + (["training"] if key in TRAINED and not training else [])
