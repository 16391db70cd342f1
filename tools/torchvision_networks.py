"""torchvision's networks beside ours with the same weights, for tools that compare them.

torchvision needs another PyTorch than the project's: `enter_environment` makes an environment of
its own for it, `.venv-torchvision`, and goes on in that. That takes some minutes, once, and 6 GB.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from archspec.ir.graph import Graph

ROOT = Path(__file__).parent.parent
PLACE = ROOT / ".venv-torchvision"
PACKAGES = ("torch==2.14.1", "torchvision", "onnxscript")
NETWORKS = {
    "googlenet": ("googlenet", "googlenet_torchvision"),
    "resnet50": ("resnet", "resnet50"),
    "resnet152": ("resnet", "resnet152"),
    "densenet201": ("densenet", "densenet201"),
}
"""Our specs and their variants by what torchvision calls them."""

SHAPE = (3, 224, 224)
"""What they take."""


def enter_environment() -> None:
    """Makes the environment that has torchvision, if there is none, and goes on in it."""
    if importlib.util.find_spec("torchvision") is not None:
        return
    python, stamp = PLACE / "bin" / "python", PLACE / "archspec-stamp"
    if not stamp.exists():
        print(f"setting up {PLACE.name} (some minutes, once)", flush=True)
        subprocess.run([sys.executable, "-m", "venv", PLACE], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet"]
        subprocess.run([*install, "--editable", f"{ROOT}[onnx]", *PACKAGES], check=True)
        stamp.touch()
    os.execv(python, [str(python), *sys.argv])


def torchvision_network(name: str) -> Any:  # noqa: ANN401 - torch is not imported here
    """Returns torchvision's network with random weights and statistics, for inference."""
    import torch

    torch.manual_seed(0)
    models = importlib.import_module("torchvision").models
    options = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
    network = getattr(models, name)(weights=None, **options).eval()
    with torch.no_grad():
        for key, tensor in network.state_dict().items():
            if key.endswith("running_var"):
                tensor.uniform_(0.5, 1.5)
            elif key.endswith("running_mean"):
                tensor.normal_(0, 0.1)
    return network


def arrays_of(network: Any) -> list[np.ndarray]:  # noqa: ANN401
    """Returns the weights and statistics of a network in their order."""
    tensors = network.state_dict().items()
    return [tensor.numpy() for key, tensor in tensors if not key.endswith("num_batches_tracked")]


def our_network(name: str) -> Graph:
    """Returns the graph of our spec."""
    from archspec.frontend import compile_spec

    spec, variant = NETWORKS[name]
    return compile_spec(str(ROOT / "specs" / f"{spec}.yaml"), variant=variant).graph


def our_weights(graph: Graph, arrays: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Returns the arrays by our names: both have them in the same order."""
    names = [
        f"{node.path}.{tensor}"
        for node in graph.inference_nodes()
        for tensor, param in node.tensors().items()
        if param.kind != "counter"
    ]
    return dict(zip(names, arrays, strict=True))
