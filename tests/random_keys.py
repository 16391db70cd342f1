"""Random uses of the keys that every layer understands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from random_values import Values
from spec_form import Written, is_merge
from spec_scope import Flow

from archspec import ops
from archspec.ir.treatment import is_bias

FILLS: list[Written] = ["zeros", {"constant": 0.25}, {"normal": {"std": 0.01}}, "random_uniform"]
FOR_KERNELS: list[Written] = ["he_normal", "glorot_uniform", "lecun_normal"]


class Keys(Values):
    """Adds keys that every layer understands."""

    def decorate(self, kind: str, table: dict[str, Written], flow: Flow) -> None:
        """Adds some keys to a layer."""
        if self.chance(30) and "name" not in table:
            table["name"] = self.name("n")
        if self.chance(12) and kind != "auxiliary":
            table["when"] = self.condition(flow)
        if self.chance(15) and kind not in ("auxiliary", "reuse"):
            self.repeat(kind, table, flow)
        if self.chance(20) and kind != "reuse":
            self.treat(kind, table, flow)
        if self.chance(8) and not {"repeat", "when"} & table.keys():
            self.expect(kind, table, flow)

    def repeat(self, kind: str, table: dict[str, Written], flow: Flow) -> None:
        """Repeats a layer: a number of times, or for rows or columns of an argument."""
        count = self.draw(st.integers(0, 3))
        numbers = [key for key, v in table.items() if type(v) is int and key in self._own(kind)]
        if not numbers or self.chance(40):
            table["repeat"] = count if self.chance(60) else self.formula(count, flow)
            if numbers and count and self.chance(50):
                key = self.pick(numbers)
                table[self.pick(["first", "last"])] = {key: self.changed(table[key])}
            return
        key = self.pick(numbers)
        plain = table.pop(key)
        column = [plain, *(self.pick([plain, self.changed(plain)]) for _ in range(count))]
        table["repeat"] = {key: column} if self.chance(50) else [{key: v} for v in column]

    def treat(self, kind: str, table: dict[str, Written], flow: Flow) -> None:
        """Says how training treats the weights."""
        is_operator = kind in ops.names() and not is_merge(kind)
        if self.chance(50):
            inside = [] if is_operator or kind.startswith("=") else ["*", ["*"]]
            table["freeze"] = self.pick([True, False, "=1 < 2", *inside])
        if kind.startswith("="):
            return
        options: dict[str, list[Any]] = {
            "weight_init": FILLS + FOR_KERNELS,
            "bias_init": FILLS,
            "weight_l2": [0.001, 1],
            "bias_l1": [0.1],
            "max_norm": [3],
        }
        if is_operator:
            tensors = self._weights({kind: table}, flow)
            weights = [shape for name, shape in tensors if not is_bias(name)]
            kernels = [shape for shape in weights if len(shape) > 1]
            if len(kernels) < len(weights):
                options["weight_init"] = FILLS
            suits = {"weight": weights, "bias": len(tensors) > len(weights), "max": kernels}
            options = {key: v for key, v in options.items() if suits[key.partition("_")[0]]}
        if options:
            key = self.pick(options)
            table[key] = self.pick(options[key])

    def _weights(self, layer: Written, flow: Flow) -> list[tuple[str, tuple[int, ...]]]:
        """Returns the names and shapes of the weights that a layer would learn."""
        return [
            (name, param.shape)
            for node in self.reading.nodes_of(layer, flow)
            for name, param in node.tensors().items()
            if param.kind == "weight"
        ]

    def expect(self, kind: str, table: dict[str, Written], flow: Flow) -> None:
        """Asserts the shape that an operator makes of the flow."""
        if self.parameters.of_block or kind not in ops.names() or is_merge(kind):
            return
        nodes = self.reading.nodes_of({kind: table}, flow)
        if nodes and all(isinstance(size, int) for size in nodes[-1].output.type.example):
            table["expect"] = [*nodes[-1].output.type.example]

    def _own(self, kind: str) -> Sequence[str]:
        """Returns the fields or parameters of what is called."""
        if kind in ops.names():
            return [*ops.find(kind).model_fields]
        return [*self.spec["blocks"].get(kind, {}).get("params", {})]
