"""Values of a call: formulas evaluated, fields and parameters checked."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from archspec.diagnostics import Diagnostic, Span
from archspec.frontend.formula import Formula, FormulaError, parse
from archspec.frontend.formula.errors import Place
from archspec.frontend.formula.values import require_extent
from archspec.frontend.limits import Exhausted, Work
from archspec.frontend.loader import resolve_plain
from archspec.frontend.tree import Items, Scalar, Table, Tree, integral, scalars, size

TYPES: Mapping[str, Callable[[object], bool]] = {
    "int": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "float": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "bool": lambda v: isinstance(v, bool),
    "str": lambda v: isinstance(v, str),
    "list": lambda v: isinstance(v, tuple),
    "layer": lambda v: isinstance(v, (str, Mapping)),
    "any": lambda _: True,
}
"""The types that a block may ask of a parameter."""


class Unknown(Exception):  # noqa: N818 - a state of the expansion, not a bug
    """A value depends on something that a fault, already reported, left unknown."""


class Argument(NamedTuple):
    """A value given to a field or parameter, and where."""

    value: object
    span: Span
    key_span: Span


class Evaluator:
    """Evaluates the formulas of a file; each is parsed once."""

    def __init__(self, tree: Tree, report: list[Diagnostic], work: Work | None = None) -> None:
        self._report = report
        self._work = work or Work()
        self._formulas: dict[Span, Formula] = {}
        self.read(tree)

    def read(self, tree: Tree) -> None:
        """Parses the formulas of a tree; those that are faulty are reported."""
        for scalar in scalars(tree):
            if is_formula(scalar) and scalar.span not in self._formulas:
                self._parse(scalar)

    def value(self, tree: Tree, lookup: Callable[[str], object]) -> object:
        """Returns the value of a tree: lists as tuples, mappings as dictionaries.

        Raises:
            Unknown: A formula is faulty, or all has been done that may be done; the fault has
                been reported.
        """
        try:
            made = self._value(tree, lookup)
            if not isinstance(tree, Scalar):
                self._require_extent(tree, made)
        except Exhausted:
            self._work.refuse(tree.span, self._report)
            raise Unknown from None
        return made

    def _value(self, tree: Tree, lookup: Callable[[str], object]) -> object:
        if isinstance(tree, Items):
            return tuple([self._value(item, lookup) for item in tree.items])
        if isinstance(tree, Table):
            return {key: self._value(entry.value, lookup) for key, entry in tree.entries.items()}
        if not is_formula(tree):
            return integral(tree.value)
        formula = self._formulas.get(tree.span)
        if formula is None:
            raise Unknown
        try:
            return integral(formula.evaluate(lookup, self._work))
        except FormulaError as error:
            self._fault(tree, error)
            raise Unknown from None

    def _require_extent(self, tree: Tree, value: object) -> None:
        """Refuses a list or mapping that is written out, if formulas in it make it too large."""
        try:
            require_extent(value, Place(0, 0), self._work, size(tree))
        except FormulaError as error:
            self._report.append(Diagnostic("E112", error.message, tree.span, error.help))
            raise Unknown from None

    def _parse(self, scalar: Scalar) -> None:
        try:
            self._formulas[scalar.span] = parse(str(scalar.value)[1:], self._work)
        except FormulaError as error:
            self._fault(scalar, error)
        except Exhausted:
            self._work.refuse(scalar.span, self._report)

    def _fault(self, scalar: Scalar, error: FormulaError) -> None:
        span = scalar.part(1 + error.offset, error.length)
        self._report.append(Diagnostic("E112", error.message, span, error.help))


def is_formula(scalar: Scalar) -> bool:
    """Returns whether a scalar is a formula."""
    return isinstance(scalar.value, str) and scalar.value.startswith("=")


def as_text(value: object) -> str:
    """Returns a value as the spec would write it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (tuple, list)):
        return f"[{', '.join([as_text(inner) for inner in value])}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join([f'{key}: {as_text(inner)}' for key, inner in value.items()])}}}"
    if value is None:
        return "null"
    if isinstance(value, str) and not isinstance(resolve_plain(value), str):
        return f'"{value}"'
    return str(value)
