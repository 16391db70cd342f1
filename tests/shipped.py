"""The shipped specs and all their variants, for tests that hold for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from archspec.analysis.summary import as_json
from archspec.frontend import Compiled, compile_spec
from archspec.frontend.shipped import shipped_specs, shipped_variants

VARIANTS = [
    (name, variant)
    for name, path in shipped_specs().items()
    for variant in (None, *compile_spec(str(path)).variants)
    # Those of a spec that another one extends are that one's.
    if variant is None or name in shipped_variants()[variant]
]
each_variant = pytest.mark.parametrize(("name", "variant"), VARIANTS)


def checked(
    name: str, variant: str | None = None, settings: Mapping[str, str] | None = None
) -> tuple[Compiled, dict[str, Any]]:
    """Returns a spec without any fault, and its `check --format json`."""
    path = str(shipped_specs()[name])
    compiled = compile_spec(path, variant=variant, settings=settings or {})
    # Of the sizes that a test sets, strides may leave something out.
    assert {d.code for d in compiled.diagnostics} <= ({"W205"} if settings else set())
    return compiled, as_json(compiled.graph, compiled.diagnostics, ok=True, file=name)
