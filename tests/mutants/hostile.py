"""Specs that are made to exhaust a compiler, or to lead it out of its files."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from mutants.seeds import Seed

COUNTS = (100, 1_000, 10_000, 100_000)
DEPTHS = (20, 100, 130, 1_000, 10_000)


def _spec(layers: str, *, inputs: str = "{image: [3, 32, 32]}", before: str = "") -> str:
    return f"name: hostile\ninputs: {inputs}\n{before}layers:\n{layers}\n"


def _one_line(
    make: Callable[[int], str], sizes: tuple[int, ...]
) -> Callable[[random.Random], Seed]:
    return lambda chance: Seed("hostile", make(chance.choice(sizes)))


def _nested_flow(depth: int) -> str:
    return _spec("  - conv2d: " + "[" * depth + "]" * depth)


def _unclosed(depth: int) -> str:
    return _spec("  - conv2d: " + "{a: " * depth)


def _nested_layers(kind: str) -> Callable[[int], str]:
    return lambda depth: _spec("  - " + f"{kind}: [" * depth + "relu" + "]" * depth)


def _nested_merges(depth: int) -> str:
    return _spec("  - " + "add: {a: [], b: [" * depth + "relu" + "]}" * depth)


def _indented(depth: int) -> str:
    lines = (f"{'  ' * (level + 1)}- residual:" for level in range(min(depth, 2_000)))
    return _spec("\n".join([*lines, "  " * (depth + 2) + "- relu"]))


def _aliases(depth: int) -> str:
    lines = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9) if i else 'lol'}]" for i in range(depth)]
    return "\n".join(lines) + f"\n{_spec(f'  - concat: *a{depth - 1}')}"


def _merge_keys(depth: int) -> str:
    lines = [f"  p{i}: &p{i} {{<<: [*p{i - 1}, *p{i - 1}], k{i}: 1}}" for i in range(1, depth)]
    return _spec(
        "  - relu: {<<: *p1}", before="params:\n  p0: &p0 {k: 1}\n" + "\n".join(lines) + "\n"
    )


def _doubling_blocks(depth: int) -> str:
    blocks = [f"  b{i}: {{layers: [b{i - 1}, b{i - 1}]}}" for i in range(1, depth)]
    text = "blocks:\n  b0: {layers: [relu]}\n" + "\n".join(blocks) + "\n"
    return _spec(f"  - b{depth - 1}", before=text)


def _empty_doubling_blocks(depth: int) -> str:
    return _doubling_blocks(depth).replace("[relu]", "[]")


def _doubling_params(depth: int) -> str:
    lines = [f"    p{i}: =p{i - 1} + p{i - 1}" for i in range(1, depth)]
    block = "blocks:\n  b:\n    params:\n    p0: [1]\n" + "\n".join(lines)
    return _spec(f"  - b: {{repeat: 1}}\n  - linear: =len(p{depth - 1})",
                 before=f"{block.replace('    p', '      p')}\n    layers: [relu]\n")  # fmt: skip


def _squared_params(depth: int) -> str:
    lines = [f"      p{i}: =p{i - 1} * p{i - 1}" for i in range(1, depth)]
    block = "blocks:\n  b:\n    params:\n      p0: 99999\n" + "\n".join(lines)
    return _spec("  - b", before=f"{block}\n    layers: [linear: =p{depth - 1}]\n")


def _nested_lists(depth: int) -> str:
    lines = [f"      p{i}: '=[p{i - 1}, p{i - 1}]'" for i in range(1, depth)]
    block = "blocks:\n  b:\n    params:\n      p0: 1\n" + "\n".join(lines)
    return _spec("  - b", before=f"{block}\n    layers: [linear: =p{depth - 1}]\n")


def _repeat(count: int) -> str:
    return _spec(f"  - relu: {{repeat: {count}}}")


def _nested_repeat(count: int) -> str:
    return _spec(
        f"  - group: {{repeat: {count}, layers: [group: {{repeat: {count}, layers: [relu]}}]}}"
    )


def _empty_repeat(count: int) -> str:
    return _spec(
        f"  - group: {{repeat: {count}, layers: [group: {{repeat: {count}, layers: []}}]}}"
    )


def _listed_repeat(count: int) -> str:
    return _spec(f"  - dropout: {{repeat: {{p: [{', '.join(['0.1'] * count)}]}}}}")


def _each(count: int) -> str:
    return _spec(f"  - add: {{each: {{p: [{', '.join(['0.1'] * count)}]}}, path: [dropout: =p]}}")


def _each_number(count: int) -> str:
    return _spec(f"  - concat: {{each: {count}, path: [relu]}}")


def _many_layers(count: int) -> str:
    return _spec("  - relu\n" * count)


def _many_faults(count: int) -> str:
    return _spec("  - rellu: {form: x, kernal: 3}\n" * min(count, 20_000))


def _many_names(count: int) -> str:
    return _spec("\n".join(f"  - relu: {{name: n{i}}}" for i in range(min(count, 30_000))))


def _many_params(count: int) -> str:
    lines = "".join(f"  p{i}: {i}\n" for i in range(count))
    return _spec("  - linear: =p1", before=f"params:\n{lines}")


def _many_variants(count: int) -> str:
    lines = "".join(f"  v{i}: {{extends: v{i + 1}}}\n" for i in range(count))
    return _spec("  - relu", before=f"variants:\n{lines}  v{count}: {{}}\n")


def _many_paths(count: int) -> str:
    paths = ", ".join(f"p{i}: []" for i in range(count))
    return _spec(f"  - concat: {{{paths}}}")


def _many_axes(count: int) -> str:
    return _spec("  - relu", inputs=f"{{x: [{', '.join(['2'] * count)}]}}")


def _long_name(count: int) -> str:
    return _spec(f"  - relu: {{name: {'a' * count}}}")


def _long_comment(count: int) -> str:
    return _spec(f"  - relu # {'x' * count * 50}")


def _long_word(count: int) -> str:
    return _spec(f"  - {'conv2d' * count}")


def _symbolic(layer: str, inputs: str) -> Callable[[int], str]:
    return lambda count: _spec(f"  - {layer}\n" * min(count, 10_000), inputs=inputs)


def _growing(layer: str) -> Callable[[int], str]:
    return lambda count: _spec(f"  - {layer}\n" * min(count, 10_000))


def _files(text: str, **files: str) -> Callable[[random.Random], Seed]:
    named = {f"{name}.yaml": other for name, other in files.items()}
    return lambda _chance: Seed("hostile", text, named)


def _doubling_files(chance: random.Random) -> Seed:
    depth = chance.choice((3, 9, 20, 40))
    files = {f"f{i}.yaml": _spec(f"  - use: {{name: a, spec: f{i + 1}.yaml}}\n"
                                 f"  - use: {{name: b, spec: f{i + 1}.yaml}}")
             for i in range(depth)}  # fmt: skip
    return Seed(
        "hostile", _spec("  - use: f0.yaml"), {**files, f"f{depth}.yaml": _spec("  - relu")}
    )


def _path(chance: random.Random) -> Seed:
    path = chance.choice((
        "/etc/passwd", "/dev/zero", "/dev/stdin", "/proc/self/mem", ".", "..", "", "missing.yaml",
        "~/x.yaml", "a\\0b.yaml", "x" * 5000 + ".yaml", "http://example.org/x.yaml", "file:///etc/passwd",
        "../../../etc/passwd", "$HOME/x.yaml", "spec.yaml", "=x", "resnet", "resnett",
    ))  # fmt: skip
    form = chance.choice(('extends: "{}"\n', 'include: ["{}"]\n', "", 'extends: {{spec: "{}"}}\n'))
    layers = "  - relu" if form else f'  - use: "{path}"'
    return Seed("hostile", _spec(layers, before=form.format(path)))


HOSTILE: Mapping[str, Callable[[random.Random], Seed]] = {
    "nested brackets": _one_line(_nested_flow, DEPTHS),
    "unclosed brackets": _one_line(_unclosed, DEPTHS),
    "nested residuals": _one_line(_nested_layers("residual"), DEPTHS),
    "nested groups": _one_line(_nested_layers("group"), DEPTHS),
    "nested merges": _one_line(_nested_merges, DEPTHS),
    "nested by indentation": _one_line(_indented, DEPTHS),
    "an alias bomb": _one_line(_aliases, (3, 9, 30)),
    "a merge-key bomb": _one_line(_merge_keys, (3, 9, 30, 1_000)),
    "blocks that double": _one_line(_doubling_blocks, (5, 12, 31, 100, 1_000)),
    "empty blocks that double": _one_line(_empty_doubling_blocks, (5, 12, 31, 100)),
    "lists that double": _one_line(_doubling_params, (5, 20, 40, 100)),
    "numbers that square": _one_line(_squared_params, (3, 6, 20, 60)),
    "nested lists that double": _one_line(_nested_lists, (5, 20, 60)),
    "repeat": _one_line(_repeat, (*COUNTS, 20_000, 10**9, 10**30)),
    "repeat in repeat": _one_line(_nested_repeat, (10, 100, 1_000, 100_000)),
    "repeat of nothing": _one_line(_empty_repeat, (10, 1_000, 20_000)),
    "repeat of rows": _one_line(_listed_repeat, COUNTS),
    "each of many": _one_line(_each, COUNTS),
    "each of a number": _one_line(_each_number, COUNTS),
    "many layers": _one_line(_many_layers, (*COUNTS, 1_000_000)),
    "many faults": _one_line(_many_faults, COUNTS),
    "many names": _one_line(_many_names, COUNTS),
    "many parameters": _one_line(_many_params, COUNTS),
    "many variants": _one_line(_many_variants, (100, 1_000, 5_000)),
    "many paths": _one_line(_many_paths, COUNTS),
    "many axes": _one_line(_many_axes, COUNTS),
    "a long name": _one_line(_long_name, COUNTS),
    "a long line": _one_line(_long_comment, COUNTS),
    "a long word": _one_line(_long_word, COUNTS),
    "symbolic convolutions": _one_line(
        _symbolic("conv2d: {out_channels: 1, kernel_size: 3, stride: 2, padding: 1}",
                  "{x: [1, H, W]}"), COUNTS),
    "symbolic pools": _one_line(
        _symbolic("concat: [x, x]", "{x: [A, H, W]}"), COUNTS),
    "symbolic sums": _one_line(
        _symbolic("concat: {a: [flatten], b: [flatten]}", "{x: [A, B, C]}"), COUNTS),
    "symbolic shuffles": _one_line(
        _symbolic("upsample: 3\n  - max_pool2d: {kernel_size: 3, stride: 2}", "{x: [A, H, W]}"),
        COUNTS),
    "sizes that grow": _one_line(_growing("upsample: 1000000"), COUNTS),
    "padding that grows": _one_line(_growing("zero_pad2d: 1000000000"), COUNTS),
    "weights that grow": _one_line(_growing("linear: 99999999999"), COUNTS),
    "a circle of extends": _files(_spec("  - relu", before="extends: b.yaml\n"),
                                  b="extends: c.yaml\n", c="extends: spec.yaml\n"),
    "a circle of includes": _files(_spec("  - relu", before="include: b.yaml\n"),
                                   b="include: [b.yaml]\nblocks: {}\n"),
    "a circle of uses": _files(_spec("  - use: b.yaml"), b=_spec("  - use: spec.yaml")),
    "files that double": _doubling_files,
    "a path that leads out": _path,
}  # fmt: skip
"""The specs by what they are called."""
