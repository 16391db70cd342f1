"""archspec: a compiler for neural-network architectures written in YAML.

    graph = archspec.compile_spec("specs/resnet.yaml", variant="resnet18").graph

`archspec.backends.torch.build(graph)` makes it a `torch.nn.Module`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archspec.diagnostics import SourceError, SpecError
    from archspec.frontend import Compiled, UsageError, compile_spec, compile_text
    from archspec.ir.graph import Graph

__all__ = [
    "Compiled",
    "Graph",
    "SourceError",
    "SpecError",
    "UsageError",
    "compile_spec",
    "compile_text",
]

_HOMES = {
    "Graph": "archspec.ir.graph",
    "SourceError": "archspec.diagnostics",
    "SpecError": "archspec.diagnostics",
}


def __getattr__(name: str) -> object:
    # Importing a part of the package must not pay for the rest.
    if name not in __all__:
        raise AttributeError(f"module 'archspec' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES.get(name, "archspec.frontend")), name)
