"""The networks of `bench_training.py`: as specs, written by hand in PyTorch, and in Keras.

All three forms of each have the same layers, so the same number of parameters, which the benchmark
checks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from torch import Tensor, nn

if TYPE_CHECKING:
    import keras

LENET5 = """\
name: lenet5
inputs: {image: [1, 28, 28]}
layers:
  - conv2d: {out_channels: 6, kernel_size: 5, padding: 2}
  - tanh
  - avg_pool2d: {kernel_size: 2}
  - conv2d: {out_channels: 16, kernel_size: 5}
  - tanh
  - avg_pool2d: {kernel_size: 2}
  - flatten
  - linear: 120
  - tanh
  - linear: 84
  - tanh
  - linear: 10
"""

RESNET18 = """\
name: resnet18
inputs: {image: [3, 32, 32]}
defaults: {conv2d: {bias: false}}
blocks:
  conv:
    params: {out: int, kernel: 3, stride: 1}
    layers:
      - conv2d: {out_channels: =out, kernel_size: =kernel, stride: =stride, padding: =kernel // 2}
      - batch_norm
  basic:
    params: {width: int, stride: 1}
    layers:
      - residual:
          body: [conv: {out: =width, stride: =stride}, relu, conv: =width]
          shortcut: [conv: {out: =width, kernel: 1, stride: =stride, when: =in.channels != width}]
      - relu
layers:
  - conv: 64
  - relu
  - basic: {width: 64, repeat: 2}
  - basic: {width: 128, repeat: 2, first: {stride: 2}}
  - basic: {width: 256, repeat: 2, first: {stride: 2}}
  - basic: {width: 512, repeat: 2, first: {stride: 2}}
  - global_avg_pool2d
  - linear: 10
"""

MOBILENET_V2 = """\
name: mobilenet_v2
inputs: {image: [3, 32, 32]}
defaults: {conv2d: {bias: false}}
blocks:
  conv:
    params: {out: int, kernel: 1, stride: 1, groups: 1}
    layers:
      - conv2d: {out_channels: =out, kernel_size: =kernel, stride: =stride, padding: =kernel // 2,
                 groups: =groups}
      - batch_norm
      - relu6
  bottleneck:
    params: {t: int, c: int, s: 1}
    layers:
      - residual:
          when: =s == 1 and in.channels == c
          body: [inner: {t: =t, c: =c, s: =s}]
      - inner: {t: =t, c: =c, s: =s, when: =s != 1 or in.channels != c}
  inner:
    params: {t: int, c: int, s: int, width: =in.channels * t}
    layers:
      - conv: {out: =width, when: =t != 1}
      - conv: {out: =width, kernel: 3, stride: =s, groups: =width}
      - conv2d: {out_channels: =c, kernel_size: 1}
      - batch_norm
layers:
  - conv: {out: 32, kernel: 3, stride: 2}
  - bottleneck: {t: 1, c: 16}
  - bottleneck: {t: 6, c: 24, repeat: 2, first: {s: 2}}
  - bottleneck: {t: 6, c: 32, repeat: 3, first: {s: 2}}
  - bottleneck: {t: 6, c: 64, repeat: 4, first: {s: 2}}
  - bottleneck: {t: 6, c: 96, repeat: 3}
  - bottleneck: {t: 6, c: 160, repeat: 3, first: {s: 2}}
  - bottleneck: {t: 6, c: 320}
  - conv: 1280
  - global_avg_pool2d
  - dropout: 0.2
  - linear: 10
"""


class LeNet5(nn.Module):
    """LeNet-5 for 28×28 pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.c1 = nn.Conv2d(1, 6, 5, padding=2)
        self.c3 = nn.Conv2d(6, 16, 5)
        self.c5 = nn.Linear(400, 120)
        self.f6 = nn.Linear(120, 84)
        self.output = nn.Linear(84, 10)
        self.pool = nn.AvgPool2d(2)

    def forward(self, x: Tensor) -> Tensor:
        """Returns the scores."""
        x = self.pool(self.c1(x).tanh())
        x = self.pool(self.c3(x).tanh()).flatten(1)
        scores: Tensor = self.output(self.f6(self.c5(x).tanh()).tanh())
        return scores


class Basic(nn.Module):
    """A block of ResNet-18."""

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        self.shortcut: nn.Module = nn.Identity()
        if channels != width:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Returns the features."""
        made = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        result: Tensor = self.relu(made + self.shortcut(x))
        return result


def resnet18() -> nn.Module:
    """Returns ResNet-18 with a stem for 32×32 pixels."""
    blocks: list[nn.Module] = []
    channels = 64
    for width in (64, 128, 256, 512):
        for _ in range(2):
            stride = 2 if channels != width else 1
            blocks.append(Basic(channels, width, stride))
            channels = width
    stem = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    end = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10)]
    return nn.Sequential(*stem, *blocks, *end)


BOTTLENECKS = (
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
    (6, 320, 1, 1),
)  # fmt: skip
"""Expansion, channels, number and first stride (Sandler et al. 2018, table 2)."""


def _conv6(channels: int, out: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> nn.Module:
    conv = nn.Conv2d(channels, out, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(out), nn.ReLU6())


class Bottleneck(nn.Module):
    """A block of MobileNetV2."""

    def __init__(self, channels: int, t: int, c: int, s: int) -> None:
        super().__init__()
        width = channels * t
        self.body = nn.Sequential(
            *([_conv6(channels, width)] if t != 1 else []),
            _conv6(width, width, 3, s, width),
            nn.Conv2d(width, c, 1, bias=False),
            nn.BatchNorm2d(c),
        )
        self.residual = s == 1 and channels == c

    def forward(self, x: Tensor) -> Tensor:
        """Returns the features."""
        made: Tensor = self.body(x)
        return x + made if self.residual else made


def mobilenet_v2() -> nn.Module:
    """Returns MobileNetV2 for ten classes."""
    layers, channels = [_conv6(3, 32, 3, 2)], 32
    for t, c, n, s in BOTTLENECKS:
        for index in range(n):
            layers.append(Bottleneck(channels, t, c, s if index == 0 else 1))
            channels = c
    end = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(1280, 10)]
    return nn.Sequential(*layers, _conv6(channels, 1280), *end)


def keras_lenet5() -> keras.Model:
    """Returns LeNet-5 in Keras."""
    from keras import Sequential, layers

    return Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(6, 5, padding="same", activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Conv2D(16, 5, activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(120, activation="tanh"),
            layers.Dense(84, activation="tanh"),
            layers.Dense(10),
        ]
    )


def keras_resnet18() -> keras.Model:
    """Returns ResNet-18 with a stem for 32×32 pixels in Keras."""
    from keras import Input, Model, layers

    def conv(x: Any, width: int, kernel: int = 3, stride: int = 1) -> Any:  # noqa: ANN401
        x = layers.Conv2D(width, kernel, stride, padding="same", use_bias=False)(x)
        return layers.BatchNormalization()(x)

    start = Input((32, 32, 3))
    x = layers.ReLU()(conv(start, 64))
    channels = 64
    for width in (64, 128, 256, 512):
        for _ in range(2):
            stride = 2 if channels != width else 1
            made = conv(layers.ReLU()(conv(x, width, 3, stride)), width)
            short = conv(x, width, 1, stride) if channels != width else x
            x = layers.ReLU()(layers.Add()([made, short]))
            channels = width
    x = layers.GlobalAveragePooling2D()(x)
    return Model(start, layers.Dense(10)(x))


def keras_mobilenet_v2() -> keras.Model:
    """Returns MobileNetV2 in Keras."""
    from keras import Input, Model, layers

    def conv(x: Any, width: int, kernel: int = 1, stride: int = 1) -> Any:  # noqa: ANN401
        x = layers.Conv2D(width, kernel, stride, padding="same", use_bias=False)(x)
        return layers.ReLU(6.0)(layers.BatchNormalization()(x))

    def bottleneck(x: Any, t: int, c: int, s: int) -> Any:  # noqa: ANN401
        channels = x.shape[-1]
        made = conv(x, channels * t) if t != 1 else x
        made = layers.DepthwiseConv2D(3, s, padding="same", use_bias=False)(made)
        made = layers.ReLU(6.0)(layers.BatchNormalization()(made))
        made = layers.Conv2D(c, 1, use_bias=False)(made)
        made = layers.BatchNormalization()(made)
        return layers.Add()([x, made]) if s == 1 and channels == c else made

    start = Input((32, 32, 3))
    x = conv(start, 32, 3, 2)
    for t, c, n, s in BOTTLENECKS:
        for index in range(n):
            x = bottleneck(x, t, c, s if index == 0 else 1)
    x = layers.GlobalAveragePooling2D()(conv(x, 1280))
    return Model(start, layers.Dense(10)(layers.Dropout(0.2)(x)))


class Network(NamedTuple):
    """A network in its three forms.

    Attributes:
        spec: As a spec, without a `train` section.
        by_hand: Makes it as a PyTorch module.
        in_keras: Makes it as a Keras model.
        shape: The shape of an example.
        batch: Examples in a batch.
        steps: Batches in an epoch of the benchmark.
    """

    spec: str
    by_hand: Callable[[], nn.Module]
    in_keras: Callable[[], keras.Model]
    shape: tuple[int, int, int]
    batch: int
    steps: int


NETWORKS: Mapping[str, Network] = {
    "lenet5": Network(LENET5, LeNet5, keras_lenet5, (1, 28, 28), 128, 200),
    "resnet18": Network(RESNET18, resnet18, keras_resnet18, (3, 32, 32), 32, 24),
    "mobilenet_v2": Network(MOBILENET_V2, mobilenet_v2, keras_mobilenet_v2, (3, 32, 32), 128, 24),
}
"""The networks by name."""
