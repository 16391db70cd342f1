"""Settings that change what weights compute, compared where the file says them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from archspec.backends.fit import LISTED, MisfitError
from archspec.backends.weights_import.layer import SourceLayer, Target

CLOSE = 1e-6
"""How much settings differ relatively that are the same, written in another precision."""


def check_settings(path: Path, pairs: Iterable[tuple[Target, SourceLayer]]) -> tuple[str, ...]:
    """Checks the settings that decide the outputs; returns what else differs.

    Raises:
        MisfitError: One of them is another.
    """
    wrong: dict[tuple[str, float, float], list[str]] = {}
    for target, layer in pairs:
        for name, theirs in layer.facts.items():
            ours = getattr(target.node.op, name, None)
            if ours is not None and abs(ours - theirs) > CLOSE * max(abs(ours), abs(theirs)):
                wrong.setdefault((name, theirs, ours), []).append(target.path)
    remarks = []
    for (name, theirs, ours), paths in wrong.items():
        where = ", ".join(paths[:LISTED]) + (", …" if len(paths) > LISTED else "")
        said = f"{name} is {_text(theirs)} in {path}, but {_text(ours)} in the spec: {where}"
        if name != "momentum":
            raise MisfitError(
                said, f"write `{name}: {_text(theirs)}` in the layer, or in `defaults`"
            )
        remarks.append(said + "; it matters in training only")
    return tuple(remarks)


def _text(value: float) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:.6g}"
