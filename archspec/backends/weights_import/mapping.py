"""Mapping files: which layer, or scope, of a file is which of ours, where nothing else decides.

A mapping is a YAML table of our name paths with the file's, of layers or of whole scopes; what
has no value is left to be found out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from archspec.backends.weights_import.classes import Classes
from archspec.backends.weights_import.layer import SourceLayer, Target
from archspec.backends.weights_import.matching import Matching
from archspec.diagnostics import Refusal
from archspec.frontend.loader import resolve_plain

NAMES = "`archspec weights map` writes all names"

_PLAIN = re.compile(r"[A-Za-z][\w./]*")


class MappingError(Refusal):
    """A mapping names what there is not.

    Attributes:
        ours: Our name in its line.
    """

    def __init__(self, ours: str, message: str, help_: str = NAMES) -> None:
        super().__init__(message, help_)
        self.ours = ours


def restrictions(
    mapping: Mapping[str, str],
    targets: Sequence[Target],
    layers: Sequence[SourceLayer],
    classes: Classes,
) -> dict[int, int]:
    """Returns what a mapping leaves of the candidates of our layers, as sets.

    What it does not name keeps all but what it gives to others.

    Raises:
        MappingError: It names a layer or scope that there is not, or one that does not fit, or
            gives one twice.
    """
    everything = (1 << len(layers)) - 1
    made = dict.fromkeys(range(len(targets)), everything)
    takers: dict[str, str] = {}
    for ours, theirs in mapping.items():
        here = [i for i, target in enumerate(targets) if _is_in(target.path, ours)]
        there = sum(1 << i for i, layer in enumerate(layers) if _is_in(layer.name, theirs))
        if not here:
            raise MappingError(ours, f"the spec has no layer or scope {ours} with weights")
        if not there:
            raise MappingError(ours, f"the file has no layer or scope {theirs}")
        if theirs in takers:
            message = f"{theirs} cannot be both {takers[theirs]} and {ours}"
            raise MappingError(ours, message, "each layer of the file is one of the spec's")
        takers[theirs] = ours
        for index in here:
            if not classes.sets[classes.of_ours[index]] & there:
                message = f"nothing in {theirs} has the shapes of {targets[index].path}"
                raise MappingError(ours, message, "leave the line out, to have it found out")
        inside = {*here}
        for index in made:
            made[index] &= there if index in inside else ~there
    return made


def mapping_text(
    matching: Matching, targets: Sequence[Target], layers: Sequence[SourceLayer], head: str
) -> str:
    """Returns a mapping file of what was found out, in which the rest is to be filled in.

    Args:
        matching: What was found out.
        targets: Our layers.
        layers: The file's.
        head: What the first line says.
    """
    lines = [f"# {head}", "# OURS: THEIRS, of layers or of whole scopes. Fill in what is empty."]
    for index, target in enumerate(targets):
        if index in matching.pairs:
            lines.append(f"{_quoted(target.path)}: {_quoted(layers[matching.pairs[index]].name)}")
        else:
            names = [_quoted(layers[i].name) for i in matching.left.get(index, ())]
            lines.append(f"{_quoted(target.path)}:  # {', '.join(names) or 'none fits'}")
    return "\n".join(lines) + "\n"


def _is_in(name: str, scope: str) -> bool:
    return name == scope or name.startswith((f"{scope}.", f"{scope}/"))


def _quoted(name: str) -> str:
    is_text = _PLAIN.fullmatch(name) and isinstance(resolve_plain(name), str)
    return name if is_text else json.dumps(name, ensure_ascii=not name.isprintable())
