"""For programs: one JSON object for a spec, a list of them for several."""

from __future__ import annotations

import json
from collections.abc import Sequence

from archspec.analysis.summary import as_json
from archspec.cli.checked import Checked


def write(results: Sequence[Checked], *, several: bool) -> None:
    """Prints everything that is known about each spec."""
    objects = [
        as_json(
            result.compiled.graph,
            result.diagnostics,
            ok=not result.errors,
            file=result.path,
            library=result.compiled.library,
        )
        for result in results
    ]
    print(json.dumps(objects if several else objects[0], indent=1))
