"""From YAML text to a typed graph."""

from archspec.frontend.compiled import Compiled
from archspec.frontend.compiler import compile_spec, compile_text
from archspec.frontend.resolve import UsageError

__all__ = ["Compiled", "UsageError", "compile_spec", "compile_text"]
