"""The networks that no library has, written out by hand after their papers: the same scores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

import pytest
import torch
import torch.nn.functional as f
from execution import by_name
from known_weights import known_image, known_network
from shipped import checked

TOLERANCE = 1e-5

VISIBLE = 1e-3
"""How much the outputs for two inputs differ at least, or nothing would be compared."""

Layers = Iterator[tuple[torch.Tensor, torch.Tensor]]
"""Weight and bias of each layer, in the order of the paper."""

Outputs = dict[str, torch.Tensor]


def normed(maps: torch.Tensor, *, k: float, n: int, alpha: float, beta: float) -> torch.Tensor:
    """Returns what section 3.3 of AlexNet's paper makes of maps; its `alpha` is not divided."""
    around = f.pad(maps.square(), (0, 0, 0, 0, n // 2, n // 2)).unfold(1, n, 1).sum(-1)
    return maps / (k + alpha * around) ** beta


alexnet_norm = partial(normed, k=2, n=5, alpha=1e-4, beta=0.75)
"""Normalises with the constants of AlexNet's paper."""

caffe_norm = partial(normed, k=1, n=5, alpha=1e-4 / 5, beta=0.75)
"""Normalises with the constants of Caffe's GoogLeNet; its alpha is divided by the size."""


def squashed(a: torch.Tensor) -> torch.Tensor:
    """Appendix A of LeCun et al. 1998."""
    return 1.7159 * torch.tanh(2 / 3 * a)


TABLE_I = """
X...XXX..XXXX.XX
XX...XXX..XXXX.X
XXX...XXX..X.XXX
.XXX..XXXX..X.XX
..XXX..XXXX.XX.X
...XXX..XXXX.XXX
"""
"""Which maps of S2, the rows, each map of C3 reads, the columns."""


def lenet5_1998(layers: Layers, image: torch.Tensor) -> Outputs:
    """LeCun et al. 1998, section II.B."""

    def sampled(maps: torch.Tensor) -> torch.Tensor:
        coefficients, biases = (tensor[:, None, None] for tensor in next(layers))
        windows = maps.unfold(2, 2, 2).unfold(3, 2, 2)
        return squashed(windows.sum((-2, -1)) * coefficients + biases)

    s2 = sampled(squashed(f.conv2d(image, *next(layers))))
    columns = zip(*TABLE_I.split(), strict=True)
    reads = [[i for i, cross in enumerate(column) if cross == "X"] for column in columns]
    c3 = [f.conv2d(s2[:, maps], *next(layers)) for maps in reads]
    s4 = sampled(squashed(torch.cat(c3, 1)))
    c5 = squashed(f.conv2d(s4, *next(layers))).flatten(1)
    f6 = squashed(f.linear(c5, *next(layers)))
    centres, _ = next(layers)
    return {"distances": (f6[:, None] - centres).square().sum(-1)}


def classified(layers: Layers, maps: torch.Tensor) -> torch.Tensor:
    """Two hidden layers with ReLU, and a last one, as AlexNet and those after it have."""
    hidden = f.relu(f.linear(maps.flatten(1), *next(layers)))
    hidden = f.relu(f.linear(hidden, *next(layers)))
    return f.linear(hidden, *next(layers))


def alexnet(layers: Layers, image: torch.Tensor) -> Outputs:
    """Krizhevsky et al. 2012, section 3.5, on two GPUs."""
    x = alexnet_norm(f.relu(f.conv2d(image, *next(layers), stride=4)))
    x = f.max_pool2d(x, 3, 2)
    x = alexnet_norm(f.relu(f.conv2d(x, *next(layers), padding=2, groups=2)))
    x = f.max_pool2d(x, 3, 2)
    x = f.relu(f.conv2d(x, *next(layers), padding=1))
    x = f.relu(f.conv2d(x, *next(layers), padding=1, groups=2))
    x = f.relu(f.conv2d(x, *next(layers), padding=1, groups=2))
    return {"logits": classified(layers, f.max_pool2d(x, 3, 2))}


class Stage(NamedTuple):
    """A cell of table 1 of Chatfield et al. 2014.

    Attributes:
        maps: How many there are.
        kernel: Their size.
        stride: The stride.
        pad: The padding.
        norm: Whether LRN follows.
        pool: The stride of the pooling that follows, if any.
        window: Its window, of their Caffe networks.
    """

    maps: int
    kernel: int = 3
    stride: int = 1
    pad: int = 1
    norm: bool = False
    pool: int = 0
    window: int = 3


CNN = {
    "cnn_f": [Stage(64, 11, 4, 0, True, 2), Stage(256, 5, 1, 2, True, 2), Stage(256), Stage(256),
              Stage(256, pool=2)],
    "cnn_m": [Stage(96, 7, 2, 0, True, 2), Stage(256, 5, 2, 1, True, 2), Stage(512), Stage(512),
              Stage(512, pool=2)],
    "cnn_s": [Stage(96, 7, 2, 0, True, 3), Stage(256, 5, 1, 1, False, 2, 2), Stage(512), Stage(512),
              Stage(512, pool=3)],
}  # fmt: skip


def cnn(stages: list[Stage]) -> Callable[[Layers, torch.Tensor], Outputs]:
    """Chatfield et al. 2014, with the pooling of Caffe: its last window may be a part of one."""

    def run(layers: Layers, x: torch.Tensor) -> Outputs:
        for stage in stages:
            weight, bias = next(layers)
            assert weight.shape[::2] == (stage.maps, stage.kernel)
            x = f.relu(f.conv2d(x, weight, bias, stage.stride, stage.pad))
            x = alexnet_norm(x) if stage.norm else x
            x = f.max_pool2d(x, stage.window, stage.pool, ceil_mode=True) if stage.pool else x
        return {"logits": classified(layers, x)}

    return run


VGG = {
    "vgg11": "3P 3P 33P 33P 33P",
    "vgg11_lrn": "3LP 3P 33P 33P 33P",
    "vgg13": "33P 33P 33P 33P 33P",
    "vgg16_1x1": "33P 33P 331P 331P 331P",
    "vgg16": "33P 33P 333P 333P 333P",
    "vgg19": "33P 33P 3333P 3333P 3333P",
}
"""The columns of table 1 of Simonyan and Zisserman 2015: kernels, LRN and pooling."""


def vgg(column: str) -> Callable[[Layers, torch.Tensor], Outputs]:
    """Simonyan and Zisserman 2015, table 1."""

    def run(layers: Layers, x: torch.Tensor) -> Outputs:
        for layer in column.replace(" ", ""):
            if layer == "P":
                x = f.max_pool2d(x, 2, 2)
            elif layer == "L":
                x = alexnet_norm(x)
            else:
                weight, bias = next(layers)
                assert weight.shape[2:] == (int(layer), int(layer))
                x = f.relu(f.conv2d(x, weight, bias, padding=int(layer) // 2))
        return {"scores": classified(layers, x)}

    return run


def googlenet(layers: Layers, image: torch.Tensor) -> Outputs:
    """Szegedy et al. 2015, table 1 and section 5."""

    def conv(maps: torch.Tensor, kernel: int = 1, stride: int = 1) -> torch.Tensor:
        weight, bias = next(layers)
        assert weight.shape[2:] == (kernel, kernel)
        return f.relu(f.conv2d(maps, weight, bias, stride, kernel // 2))

    def pool(maps: torch.Tensor) -> torch.Tensor:
        return f.max_pool2d(maps, 3, 2, ceil_mode=True)

    def inception(x: torch.Tensor) -> torch.Tensor:
        paths = [conv(x), conv(conv(x), 3), conv(conv(x), 5), conv(f.max_pool2d(x, 3, 1, 1))]
        return torch.cat(paths, 1)

    def head(x: torch.Tensor) -> torch.Tensor:
        x = conv(f.avg_pool2d(x, 5, 3)).flatten(1)
        return f.linear(f.relu(f.linear(x, *next(layers))), *next(layers))

    x = caffe_norm(pool(conv(image, 7, 2)))
    x = pool(caffe_norm(conv(conv(x), 3)))
    x = inception(pool(inception(inception(x))))
    aux1 = head(x)
    x = inception(inception(inception(x)))
    aux2 = head(x)
    x = inception(inception(pool(inception(x))))
    logits = f.linear(x.mean((2, 3)), *next(layers))
    return {"logits": logits, "aux1": aux1, "aux2": aux2}


def unet(layers: Layers, image: torch.Tensor) -> Outputs:
    """Ronneberger et al. 2015, figure 1: the maps of the contracting path come first."""

    def twice(maps: torch.Tensor) -> torch.Tensor:
        return f.relu(f.conv2d(f.relu(f.conv2d(maps, *next(layers))), *next(layers)))

    x, seen = twice(image), []
    for _ in range(4):
        seen.append(x)
        x = twice(f.max_pool2d(x, 2, 2))
    for maps in reversed(seen):
        x = f.conv_transpose2d(x, *next(layers), stride=2)
        height, width = x.shape[2:]
        top, left = (maps.shape[2] - height) // 2, (maps.shape[3] - width) // 2
        x = twice(torch.cat([maps[:, :, top : top + height, left : left + width], x], 1))
    return {"logits": f.conv2d(x, *next(layers))}


def siamese(layers: Layers, left: torch.Tensor, right: torch.Tensor) -> Outputs:
    """Koch et al. 2015, figure 4 and section 3.1."""
    *convolutions, features, decision = layers

    def tower(x: torch.Tensor) -> torch.Tensor:
        for i, layer in enumerate(convolutions):
            x = f.relu(f.conv2d(x if i == 0 else f.max_pool2d(x, 2, 2), *layer))
        return torch.sigmoid(f.linear(x.flatten(1), *features))

    return {"same": torch.sigmoid(f.linear((tower(left) - tower(right)).abs(), *decision))}


class Case(NamedTuple):
    """A network here and by hand.

    Attributes:
        spec: The spec.
        variant: Its variant.
        made: The network by hand.
        shape: The shape of its images.
        settings: What else makes it small.
        scale: What the images are multiplied by: LRN shows for values as large as of pixels.
    """

    spec: str
    variant: str | None
    made: Callable[..., Outputs]
    shape: tuple[int, ...]
    settings: Mapping[str, str] = {}
    scale: float = 1


CASES = {
    "lenet5_1998": Case("lenet5_1998", None, lenet5_1998, (1, 32, 32)),
    "alexnet": Case("alexnet", None, alexnet, (3, 107, 99), {"hidden": "64"}, 100),
    "googlenet": Case("googlenet", None, googlenet, (3, 112, 130), {}, 100),
    "unet": Case("unet", None, unet, (1, 188, 204), {"channels": "4"}),
    "siamese": Case("siamese", None, siamese, (1, 65, 73)),
} | {
    name: Case("cnn_fms", name, cnn(stages), (3, 107, 99), {"hidden": "64"}, 100)
    for name, stages in CNN.items()
} | {
    name: Case("vgg", name, vgg(column), (3, 32, 39), {"hidden": "64"}, 100)
    for name, column in VGG.items()
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_paper_written_out_gives_the_same_scores(case: Case) -> None:
    compiled, _ = checked(case.spec)
    inputs = {f"inputs.{name}": str([*case.shape]) for name in compiled.graph.inputs}
    graph = checked(case.spec, case.variant, {**inputs, **case.settings})[0].graph
    network = known_network(graph)
    network.training = True  # there are heads as in training, but dropout works as for inference
    modules = network.modules()
    own = [list(module.state_dict().values()) for module in modules if not [*module.children()]]
    layers = [(*tensors, torch.empty(0))[:2] for tensors in own if tensors]
    first, second = (
        [case.scale * known_image(case.shape, 2 * i + j) for j in range(len(inputs))]
        for i in (0, 1)
    )
    with torch.no_grad():
        made, other = (by_name(graph, network(*images)) for images in (first, second))
        expected = case.made(iter(layers), *first)
    assert made.keys() == expected.keys()
    for name, scores in expected.items():
        bound = scores.abs().max()
        assert (made[name] - other[name]).abs().max() > VISIBLE * bound
        assert (made[name] - scores).abs().max() <= TOLERANCE * bound
