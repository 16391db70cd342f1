"""What a Keras file says of its model: the order of layers, their settings, how data flow."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from archspec.backends.weights_import.flow import (
    AVERAGE_POOL,
    CONCAT,
    MAX_POOL,
    MERGE,
    Flow,
    Step,
)

LABELS = {"Concatenate": CONCAT, "Stack": CONCAT}
"""What layers do, but for pooling and merging."""


class LayerConfig(NamedTuple):
    """What a model says of a layer.

    Attributes:
        class_name: Its class, as files write it: `conv2d`.
        facts: Its settings, in torch's words.
    """

    class_name: str
    facts: dict[str, float]


class KerasModel:
    """A model's layers by the names of their groups, and how data flow through them."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        """Takes the model apart.

        Args:
            config: What `model.get_config()` returns, with the class around it.
        """
        self._config = config
        self._layers: dict[tuple[str, ...], LayerConfig] = {}
        self._names: dict[str, LayerConfig] = {}
        self._places: dict[str, int] = {}
        self._has_inner = False
        self._add(config, (), ())
        if any("channels_first" in own.facts for own in self._layers.values()):
            # Whoever flattens does not say so, but what comes in is laid out like that.
            for own in self._layers.values():
                own.facts["channels_first"] = True

    def layer(self, groups: tuple[str, ...], path: tuple[str, ...]) -> LayerConfig | None:
        """Returns what is said of a layer, by its groups in the file, or by its names."""
        for end in range(len(groups), 0, -1):
            if groups[:end] in self._layers:
                return self._layers[groups[:end]]
        return self._names.get("/".join(path))

    def place(self, name: str) -> int:
        """Returns a layer's place in the order of the model; parts have that of the whole."""
        while name not in self._places and "/" in name:
            name = name.rpartition("/")[0]
        return self._places.get(name, len(self._places))

    def flow(self, layers: Mapping[str, int]) -> Flow | None:
        """Returns how data flow through layers, by their numbers; nothing if it is not said."""
        inner = self._config.get("config", {})
        if self._has_inner or self._config.get("class_name") not in ("Functional", "Model"):
            return None
        steps: list[Step] = []
        made: dict[tuple[str, int], int] = {}
        waiting = [(layer, number, node) for layer in inner["layers"]
                   for number, node in enumerate(layer["inbound_nodes"] or [None])]  # fmt: skip
        while waiting:
            left = []
            for layer, number, node in waiting:
                before = [*_histories(node)]
                if all(key in made for key in before):
                    step = _steps(layer, [made[key] for key in before], layers, steps)
                    made[layer["name"], number] = step
                else:
                    left.append((layer, number, node))
            if len(left) == len(waiting):
                return None
            waiting = left
        ends = [*_histories(inner["output_layers"])]
        return Flow(tuple(steps), tuple(made[key] for key in ends))

    def _add(
        self, model: Mapping[str, Any], groups: tuple[str, ...], path: tuple[str, ...]
    ) -> None:
        counts: Counter[str] = Counter()
        inner = model.get("config", {})
        layers = inner["layers"] if isinstance(inner, dict) else inner
        for layer in layers:
            class_ = snake(layer["class_name"])
            number, counts[class_] = counts[class_], counts[class_] + 1
            group = (*groups, f"{class_}_{number}" if number else class_)
            settings = layer.get("config", {})
            name = (*path, str(layer.get("name") or settings.get("name", group[-1])))
            if "layers" in settings:
                self._has_inner = True
                self._add(layer, group, name)
                continue
            config = LayerConfig(class_, _facts(settings))
            self._layers[group] = config
            self._names["/".join(name)] = config
            self._places["/".join(name)] = len(self._places)


def read_config(config: Mapping[str, Any]) -> KerasModel | None:
    """Returns the model that a configuration describes; nothing if it has code of its own."""
    inner = config.get("config", {})
    has_layers = isinstance(inner, list) or (isinstance(inner, dict) and "layers" in inner)
    return KerasModel(config) if has_layers else None


def snake(name: str) -> str:
    """Returns a class's name as Keras's files write it."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def natural(name: str) -> list[tuple[int, str]]:
    """Returns what sorts names with numbers by these."""
    return [(int(part) if part.isdecimal() else -1, part) for part in re.split(r"(\d+)", name)]


def _facts(settings: Mapping[str, Any]) -> dict[str, float]:
    made: dict[str, float] = {}
    if isinstance(settings.get("epsilon"), float):
        made["eps"] = settings["epsilon"]
    if isinstance(settings.get("momentum"), float):
        made["momentum"] = round(1 - settings["momentum"], 12)
    if "reset_after" in settings:
        made["reset_after"] = bool(settings["reset_after"])
    if settings.get("data_format") == "channels_first":
        made["channels_first"] = True
    return made


def _steps(
    layer: Mapping[str, Any], inputs: list[int], layers: Mapping[str, int], steps: list[Step]
) -> int:
    """Adds the use of a layer, of two if it is two here, and returns its number."""
    name = layer["name"]
    for own in (f"{name}/depthwise", f"{name}/pointwise", name):
        if own in layers:
            steps.append(Step(None, tuple(inputs), layers[own]))
            inputs = [len(steps) - 1]
    if name in layers or f"{name}/pointwise" in layers:
        return len(steps) - 1
    steps.append(Step(_label(layer, len(inputs)), tuple(inputs)))
    return len(steps) - 1


def _label(layer: Mapping[str, Any], inputs: int) -> str | None:
    class_ = layer["class_name"]
    if inputs == 0:
        return "input"
    if class_ in LABELS:
        return LABELS[class_]
    if inputs > 1:
        return MERGE
    window = layer["config"].get("pool_size", ())
    if "Pool" not in class_ or {*(window if isinstance(window, list) else [window])} == {1}:
        return None
    return MAX_POOL if "Max" in class_ else AVERAGE_POOL


def _histories(node: Any) -> Iterator[tuple[str, int]]:  # noqa: ANN401 - JSON
    """Yields the layers, and which use of each, whose results a node reads."""
    if isinstance(node, dict):
        if node.get("class_name") == "__keras_tensor__":
            name, number, _ = node["config"]["keras_history"]
            yield name, number
            return
        for value in node.values():
            yield from _histories(value)
    elif isinstance(node, list):
        if len(node) >= 3 and isinstance(node[0], str) and isinstance(node[1], int):
            yield node[0], node[1]
            return
        for value in node:
            yield from _histories(value)
