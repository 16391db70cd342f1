"""Random changes that make most specs faulty."""

from __future__ import annotations

import random
from collections.abc import Iterator

from spec_form import Written

JUNK: list[Written] = [
    None, True, -1, 0, 1e99, 10**30, "", "=", "=in", "=x0", "=in.height", "=1/0", "=[1, 2]", [], {},
    [[]], "relu", "conv2d", "concat", "x0", "n1", {"relu": {}}, {"from": "x0"}, "auxiliary",
    {"residual": []}, {"group": ["relu"]}, {"reuse": "n1"}, "split", ["x0", "x0"], "float", "nan",
    {"when": False}, {"layers": ["relu"], "when": "=false"}, "a.b", "*", "he_normal",
]  # fmt: skip


def mutate(spec: Written, chance: random.Random) -> None:
    """Changes one place of a spec."""
    places = [(holder, key) for holder in holders(spec) for key in keys_of(holder)]
    (holder, key), (other, there) = chance.choice(places), chance.choice(places)
    match chance.choice(["drop", "junk", "junk", "copy", "swap", "rename", "double"]):
        case "drop":
            del holder[key]
        case "junk":
            holder[key] = chance.choice(JUNK)
        case "copy":
            holder[key] = copied(other[there])
        case "swap":
            holder[key], other[there] = copied(other[there]), copied(holder[key])
        case "rename" if isinstance(holder, dict):
            holder[chance.choice([k for h, k in places if isinstance(h, dict)])] = holder.pop(key)
        case "double" if isinstance(holder, list):
            holder.insert(key, copied(holder[key]))


def copied(tree: Written) -> Written:
    """Returns a copy of a tree, all its branches copied too."""
    if isinstance(tree, dict):
        return {key: copied(branch) for key, branch in tree.items()}
    return [copied(item) for item in tree] if isinstance(tree, list) else tree


def holders(tree: Written) -> Iterator[Written]:
    """Yields every mapping and list of a tree."""
    if isinstance(tree, (dict, list)):
        yield tree
        for key in keys_of(tree):
            yield from holders(tree[key])


def keys_of(holder: Written) -> list[Written]:
    """Returns the keys or indices of a mapping or list."""
    return list(holder) if isinstance(holder, dict) else list(range(len(holder)))
