"""Random values: plain, as formulas, or as parameters of the file or of a block."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from hypothesis import strategies as st
from random_operators import as_yaml
from spec_form import Written
from spec_reading import Reading
from spec_scope import Flow, Scope, value

CHANGED = {True: False, False: True, "relu": "tanh", "tanh": "relu"}
"""Other values that a parameter may take."""

TYPES = {int: "int", bool: "bool", float: "float", str: "str", list: "list"}


class Parameters:
    """The parameters of the file, or of the block that is being written.

    Attributes:
        scope: Where formulas see them.
        declared: How they are declared.
        given: What the first call gives for them; nothing for the file's.
    """

    def __init__(self, scope: Scope, declared: dict[str, Written], *, of_block: bool) -> None:
        self.scope = scope
        self.declared = declared
        self.given: dict[str, Written] = {}
        self.of_block = of_block


class Values:
    """Writes the values of one spec.

    Attributes:
        draw: Makes the choices.
        spec: The spec.
        reading: What it means so far.
        parameters: Where new parameters are declared.
    """

    def __init__(self, draw: st.DrawFn, inputs: Mapping[str, Written]) -> None:
        self.draw = draw
        self.spec: dict[str, Written] = {"name": "net", "params": {}, "inputs": inputs}
        self.spec |= {"defaults": {}, "blocks": {}, "layers": []}
        self.reading = Reading(self.spec)
        self.parameters = Parameters(self.reading.root, self.spec["params"], of_block=False)
        self._numbers = itertools.count(1)

    def chance(self, percent: int) -> bool:
        """Returns true in about `percent` of a hundred draws, and false in the simplest."""
        return self.draw(st.integers(0, 99)) >= 100 - percent

    def pick(self, options: Iterable[Any]) -> Any:  # noqa: ANN401
        """Returns one of the options; the first is the simplest."""
        return self.draw(st.sampled_from(list(options)))

    def name(self, stem: str) -> str:
        """Returns a name that is new in the whole spec."""
        return f"{stem}{next(self._numbers)}"

    def fields(self, fields: Mapping[str, object], flow: Flow) -> dict[str, Written]:
        """Returns fields as a spec may write them."""
        return {key: self.written(key, as_yaml(value), flow) for key, value in fields.items()}

    def written(self, key: str, plain: Written, flow: Flow) -> Written:
        """Returns a value, or what evaluates to it."""
        form = self.pick(["plain", "plain", "plain", "formula", "declared"])
        if form == "declared":
            return f"={self.declared(key, plain)}"
        if form == "formula" and isinstance(plain, bool):
            return f"={self.truth(flow, said=plain)}"
        if form == "formula" and isinstance(plain, int):
            return self.formula(plain, flow)
        if form == "formula" and isinstance(plain, list):
            return [self.formula(v, flow) if type(v) is int else v for v in plain]
        return plain

    def formula(self, number: int, flow: Flow) -> str:
        """Returns a formula of a whole number."""
        params = self.parameters.scope.params
        known = [("1", 1), *((name, v) for name, v in params.items() if type(v) is int)]
        sizes = flow[0].type.example
        if sizes and isinstance(sizes[0], int):
            known.append(("in.channels", sizes[0]))
        name, base = self.pick(known)
        forms = [f"{name} + {number - base}" if number >= base else f"{name} - {base - number}"]
        if base and number % base == 0:
            forms += [f"{number // base} * {name}", f"{number} // {name} * {name}"]
        if base <= number:
            forms += [f"max({name}, {number})", f"{name} if {name} > {number} else {number}"]
        if base == number:
            forms += [name, f"[0, {name}][1]", f"sum([{name}, 0])"]
        return f"={self.pick(forms)}"

    def truth(self, flow: Flow, *, said: bool) -> str:
        """Returns a formula that is true or false, as it is said."""
        params = self.parameters.scope.params
        forms = ["true" if said else "false"]
        forms += [name for name, known in params.items() if known is said]
        forms += [f"not {name}" for name, known in params.items() if known is (not said)]
        sizes = flow[0].type.example
        if sizes and isinstance(sizes[0], int):
            forms.append(f"in.channels {'==' if said else '!='} {sizes[0]}")
            forms.append(f"in.channels > 0 and {'not ' if said else ''}1 > 2")
        return str(self.pick(forms))

    def condition(self, flow: Flow) -> Written:
        """Returns a condition."""
        said = self.chance(60)
        return f"={self.truth(flow, said=said)}" if self.chance(80) else said

    def declared(self, key: str, plain: Written) -> str:
        """Declares a parameter of that value and returns its name."""
        name, parameters = self.name(key.split("_", maxsplit=1)[0]), self.parameters
        parameters.scope.params[name] = value(plain, parameters.scope.look_up)
        if not parameters.of_block or self.chance(50):
            parameters.declared[name] = plain
        else:
            word = "layer" if key == "act" else TYPES.get(type(plain), "any")
            parameters.declared[name] = self.pick([word, "any"])
            parameters.given[name] = plain
        return name

    def changed(self, plain: Written) -> Written:
        """Returns another value like this one, where there is one."""
        if type(plain) is int:
            return plain + self.pick([1, 2, 3])
        return CHANGED.get(plain, plain) if isinstance(plain, (bool, str)) else plain
