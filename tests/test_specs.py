"""What holds for all shipped specs, and those that no reference knows against their papers."""

from __future__ import annotations

from typing import Any

from shipped import checked, each_variant

from archspec.analysis.summary import as_json
from archspec.frontend import compile_text


def test_unet_is_figure_1_of_its_paper() -> None:
    heights = [570, 568, 282, 280, 138, 136, 66, 64, 30, 28, 56, 54, 52, 104, 102, 100, 200, 198,
               196, 392, 390, 388, 388]  # fmt: skip
    channels = [64, 64, 128, 128, 256, 256, 512, 512, 1024, 1024, *[512] * 3, *[256] * 3,
                *[128] * 3, *[64] * 3, 2]  # fmt: skip
    kernels = [9] * 10 + [4, 9, 9] * 4 + [1]
    # A copy of the encoder's map beside the decoder's doubles what is convolved next.
    read = [1, *(n * (1 + (kernel == 4)) for n, kernel in zip(channels, kernels, strict=True))]
    params = [
        made * (kernel * given + 1)
        for made, kernel, given in zip(channels, kernels, read, strict=False)
    ]
    _, made = checked("unet")
    layers = [layer for layer in made["layers"] if layer["params"]]
    shapes = [[n, height, height] for n, height in zip(channels, heights, strict=True)]
    assert [layer["output_shapes"][0] for layer in layers] == shapes
    assert [layer["params"] for layer in layers] == params
    assert sum(params) == made["params"]["total"] == 31_030_658


def test_the_siamese_tower_is_the_one_of_its_paper_and_counted_once() -> None:
    convolutions = [(64, 10, 1), (128, 7, 64), (128, 4, 128), (256, 4, 128)]
    tower = [made * (size * size * given + 1) for made, size, given in convolutions]
    tower.append((256 * 6 * 6 + 1) * 4096)
    _, made = checked("siamese")
    assert [layer["params"] for layer in made["layers"] if layer["params"]] == [*tower, 4097]
    assert (
        made["macs"]
        == 2 * sum(layer["macs"] for layer in made["layers"] if layer["name"].startswith("tower."))
        + 4096
    )


@each_variant
def test_a_resolved_spec_is_a_spec_of_the_same_network(name: str, variant: str | None) -> None:
    compiled, made = checked(name, variant)
    again = compile_text(compiled.resolved, "resolved.yaml")
    other = as_json(again.graph, (), ok=True, file=name)
    assert [strip(layer) for layer in made["layers"]] == [strip(x) for x in other["layers"]]
    assert made["outputs"] == other["outputs"]
    assert again.resolved == compiled.resolved


def strip(layer: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in layer.items() if key not in ("file", "line")}


@each_variant
def test_the_table_adds_up(name: str, variant: str | None) -> None:
    fixed = {"lstm": {"inputs.series": "[7, 1]"}, "filters": {"inputs.image": "[3, 9, 8]"}}
    _, made = checked(name, variant, fixed.get(name))
    assert sum(layer["params"] for layer in made["layers"]) == made["params"]["total"]
    assert sum(layer["macs"] for layer in made["layers"]) == made["macs"] + made["macs_auxiliary"]
    paths = [layer["name"] for layer in made["layers"]]
    assert len(set(paths)) == len(paths)
    scopes = {path.rpartition(".")[0] for path in paths}
    assert not scopes & set(paths), "a path is both a scope and a leaf"
