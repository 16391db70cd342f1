"""Mutants as files, to look at and to judge again."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from mutants.making import Mutant


def keep(mutant: Mutant, folder: Path) -> Path:
    """Writes a mutant into a folder, as a spec and as what `kept` reads; returns the latter."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{mutant.name}.yaml").write_bytes(mutant.data)
    path = folder / f"{mutant.name}.json"
    fields = mutant._asdict() | {"data": base64.b64encode(mutant.data).decode()}
    path.write_text(json.dumps(fields, ensure_ascii=False, indent=1), encoding="utf-8")
    return path


def kept(path: Path) -> Mutant:
    """Returns a mutant that was kept."""
    fields = json.loads(path.read_text(encoding="utf-8"))
    fields["data"] = base64.b64decode(fields["data"])
    fields["lines"], fields["words"] = tuple(fields["lines"]), tuple(fields["words"])
    return Mutant(**fields)
