"""From YAML text to a typed graph."""

from archspec.frontend.compiler import Compiled, compile_spec, compile_text
from archspec.frontend.resolve import UsageError

__all__ = ["Compiled", "UsageError", "compile_spec", "compile_text"]
