"""Topics: what fills weights, what holds them down, what leaves them alone."""

from __future__ import annotations

from collections.abc import Mapping

from archspec.frontend.topics.model import Topic
from archspec.frontend.treatments import FILLS, INITIALIZERS, PENALTIES


def _fills() -> Mapping[str, str]:
    """Returns what each initialiser is in torch, and which options it takes."""
    made = {}
    for name, (function, fixed, options) in FILLS.items():
        arguments = ", ".join(f"{key}={value!r}" for key, value in fixed.items())
        called = f"torch.nn.init.{function}" + f"({arguments})" * bool(arguments)
        given = ", ".join(f"{option} {default}" for option, default in options.items())
        made[name] = f"{called}; takes {given}" if given else called
    return made


def _penalty(key: str) -> str:
    """Returns what a key such as `weight_l2` penalises."""
    of, _, norm = key.partition("_")
    tensor = {"weight": "the weights", "bias": "the biases", "output": "the layer's output"}[of]
    return f"{tensor}: {'sum of |x|' if norm == 'l1' else 'sum of x²'}, times this"


WEIGHTS: Mapping[str, Topic] = {
    "initialisers": Topic(
        "what fills the weights before training",
        "`weight_init` and `bias_init` name an initialiser: `he_normal`, or one with options, "
        "`{normal: {std: 0.01}}`, or with its first option alone, `{constant: 0.1}`. They stand on "
        "a layer, on a block or group for all layers in it, or in `defaults`: for an operator, or "
        "directly below for all of them. The layer's own word counts most, then what is said "
        "around it, then `defaults`. Torch's own initialisation is left where nothing is "
        "said.\n\n"
        "What is said of a block is meant for its kernels and their biases: the scale of a "
        "normalisation, which has one axis, is left alone.",
        """\
name: initialised
inputs: {image: [3, 32, 32]}
defaults: {linear: {weight_init: {normal: {std: 0.01}}, bias_init: zeros}}
layers:
  - group:
      weight_init: he_normal
      bias_init: {constant: 0.1}
      layers: [conv2d: {out_channels: 16, kernel_size: 3}, relu]
  - global_avg_pool2d
  - linear: {out_features: 10, weight_init: glorot_uniform}
""",
        tables={
            "keys": dict(
                zip(INITIALIZERS, ("of kernels and other weights", "of biases"), strict=True)
            ),
            "initialisers": _fills(),
        },
        words=(*INITIALIZERS, "initializers", "initialiser", "initializer"),
    ),
    "regularisers": Topic(
        "what holds the weights down",
        "Penalties are added to the loss while training: for a tensor x, l1 times the sum of |x| "
        "plus l2 times the sum of x², as in Keras. They stand where initialisers may stand. "
        "Those of outputs speak of the output of the layer or block that they stand on, as the "
        "mean over the batch; in `defaults` they are for operators only. (An optimiser's "
        "`weight_decay` is another thing: it speaks of all weights, see `train`.)\n\n"
        "`max_norm` is no penalty: after each step, the weights of each output unit are scaled so "
        "that their Euclidean norm is at most this.",
        """\
name: regularised
inputs: {x: [64]}
layers:
  - linear: {out_features: 128, weight_l2: 1e-4, bias_l2: 1e-4, max_norm: 3}
  - relu: {output_l1: 1e-5}
  - linear: {out_features: 10, weight_l1: 1e-5}
""",
        tables={
            "keys": {key: _penalty(key) for key in PENALTIES}
            | {"max_norm": "the largest norm of the weights of one output unit"}
        },
        words=(
            *PENALTIES,
            "max_norm",
            "regularizers",
            "regulariser",
            "regularizer",
            "penalties",
            "weight_decay",
        ),
    ),
    "freeze": Topic(
        "weights that training leaves alone",
        "`freeze: true` on a layer, block call or group freezes all weights in it, and the running "
        "statistics of its batch norms. Patterns freeze what they match below the layer, by name "
        'path: `freeze: [stem, "stage[12].*"]`, where `*` stands for anything. '
        "`freeze: false` inside thaws again. Frozen weights count as frozen parameters.",
        """\
name: fine_tuned
inputs: {image: [3, 64, 64]}
layers:
  - use: {spec: resnet, variant: resnet18, until: stage4, freeze: ["stem", "stage[123]"]}
  - global_avg_pool2d
  - linear: 5
""",
        words=("frozen", "trainable"),
    ),
}
"""Topics by name."""
