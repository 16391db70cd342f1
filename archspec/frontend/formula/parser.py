"""The parser of formulas: precedence climbing over a stream of tokens."""

from collections.abc import Iterator, Mapping

from archspec.frontend.formula.errors import FormulaError, Place, quoted
from archspec.frontend.formula.functions import FUNCTIONS
from archspec.frontend.formula.lexer import Token, tokens
from archspec.frontend.formula.nodes import (
    Arithmetic,
    Attribute,
    Call,
    Choice,
    Comparison,
    Constant,
    Item,
    List,
    Logic,
    Name,
    Negation,
    Node,
    Not,
    Step,
    walk,
)
from archspec.frontend.formula.values import bounded
from archspec.frontend.limits import STEPS_PER_FORMULA, Work, allow
from archspec.frontend.suggest import did_you_mean

_NO_OPERATOR, _CHOICE, _OR, _AND, _NOT, _COMPARISON, _SUM, _PRODUCT, _SIGN = range(-1, 8)

_PRECEDENCES: Mapping[str, int] = {
    "if": _CHOICE,
    "or": _OR,
    "and": _AND,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), _COMPARISON),
    **dict.fromkeys("+-", _SUM),
    **dict.fromkeys(("*", "/", "//", "%"), _PRODUCT),
}
_CHAINS: Mapping[int, type[Logic | Comparison | Arithmetic]] = {
    _OR: Logic,
    _AND: Logic,
    _COMPARISON: Comparison,
    _SUM: Arithmetic,
    _PRODUCT: Arithmetic,
}
_CONSTANTS: Mapping[str, bool] = {"true": True, "True": True, "false": False, "False": False}
_KEYWORDS = frozenset({"and", "or", "not", "if", "else"})
_CLOSING: Mapping[str, str] = {"(": ")", "[": "]"}
_HELP: Mapping[str, str] = {
    "in": "there is no operator `in`; compare with == and join with `or`",
    "is": "compare with ==",
    ",": "a list is written [a, b]",
}


def parse_tree(text: str, work: Work) -> tuple[Node, int]:
    """Returns the syntax tree of a formula, and how many nodes it has.

    Raises:
        FormulaError: It is not a formula.
    """
    if not text.strip():
        raise FormulaError(
            "the formula is empty", Place(0, len(text)), help="write a value behind the `=`"
        )
    work.spend(STEPS_PER_FORMULA + len(text))
    root = _Parser(tokens(text), work).formula()
    size, most = 0, work.limits.formula_depth
    for node, depth in walk(root):
        size += 1
        if depth > most:
            raise _too_deep(node.place, most)
    return root, size


class _Parser:
    """Reads one formula; `_token` is the next token, `_last` the one before it."""

    def __init__(self, stream: Iterator[Token], work: Work) -> None:
        self._work = work
        self._stream = stream
        self._token = next(stream)
        self._last = self._token
        self._depth = 0

    def formula(self) -> Node:
        root = self._expression()
        if self._token.kind == "end":
            return root
        if self._token.text in (")", "]"):
            raise FormulaError(f"`{self._token.text}` closes nothing", self._token.place)
        raise self._unexpected()

    def _expression(self, least: int = _CHOICE) -> Node:
        """Reads operators of at least the given precedence."""
        if self._depth == self._work.limits.formula_depth:
            raise _too_deep(self._token.place, self._depth)
        self._depth += 1
        node = self._prefixed(least)
        while (precedence := self._precedence()) >= least:
            node = self._choice(node) if precedence == _CHOICE else self._chain(node, precedence)
        self._depth -= 1
        return node

    def _precedence(self) -> int:
        return _PRECEDENCES.get(self._token.text, _NO_OPERATOR)

    def _chain(self, first: Node, precedence: int) -> Node:
        steps = []
        while self._precedence() == precedence:
            sign = self._advance()
            steps.append(Step(sign.text, sign.place, self._expression(precedence + 1)))
        return _CHAINS[precedence](first, tuple(steps), self._since(first))

    def _choice(self, value: Node) -> Node:
        sign = self._advance()
        condition = self._expression(_OR)
        if self._token.text != "else":
            if self._token.kind not in ("end", "operator"):
                raise self._unexpected()
            raise FormulaError(
                "`if` without `else`", sign.place, help="write `a if condition else b`"
            )
        self._advance()
        return Choice(value, condition, self._expression(), self._since(value))

    def _prefixed(self, least: int) -> Node:
        sign = self._token
        if sign.text == "-":
            self._advance()
            return Negation(self._expression(_SIGN), self._since(sign))
        if sign.text == "not":
            if least > _NOT:
                raise FormulaError(
                    "`not` binds less tightly than the operator before it",
                    sign.place,
                    help="put `not …` in parentheses",
                )
            self._advance()
            return Not(self._expression(_NOT), self._since(sign))
        return self._suffixed()

    def _suffixed(self) -> Node:
        node = self._atom()
        while self._token.text in (".", "[", "("):
            sign = self._token
            if sign.text == "(":
                raise FormulaError(
                    "only functions are called", sign.place, help="a product is written with `*`"
                )
            self._advance()
            if sign.text == ".":
                node = self._attribute(node)
            else:
                index = self._expression()
                self._close(sign)
                node = Item(node, index, self._since(node))
        return node

    def _attribute(self, owner: Node) -> Node:
        name = self._token
        if name.kind != "name":
            raise self._no_value("a name")
        self._advance()
        return Attribute(owner, name.text, name.place, self._since(owner))

    def _atom(self) -> Node:
        token = self._token
        if token.kind == "number":
            self._advance()
            return _number(token, self._work)
        if token.kind == "string":
            self._advance()
            return Constant(token.text[1:-1], token.place)
        if token.kind == "name" and token.text not in _KEYWORDS:
            self._advance()
            if token.text in _CONSTANTS:
                return Constant(_CONSTANTS[token.text], token.place)
            return (
                self._call(token)
                if self._token.text == "("
                else Name(token.text, token.place, token.place)
            )
        if token.text == "(":
            self._advance()
            node = self._expression()
            self._close(token)
            return node._replace(place=self._since(token))
        if token.text == "[":
            self._advance()
            items = self._items(token)
            return List(items, self._since(token))
        raise self._no_value("a value")

    def _call(self, name: Token) -> Node:
        function = FUNCTIONS.get(name.text)
        if function is None:
            raise FormulaError(
                f"there is no function {quoted(name.text)}",
                name.place,
                help=did_you_mean(name.text, FUNCTIONS, what="function"),
            )
        arguments = self._items(self._advance())
        place = self._since(name)
        if not function.least <= len(arguments) <= function.most:
            raise FormulaError(
                f"{quoted(name.text)} cannot be called with {len(arguments) or 'no'} "
                f"argument{'s' * (len(arguments) != 1)}",
                place,
                help=f"use {function.usage}",
            )
        return Call(name.text, arguments, place)

    def _items(self, opening: Token) -> tuple[Node, ...]:
        items = []
        while self._token.text != _CLOSING[opening.text]:
            items.append(self._expression())
            if self._token.text != ",":
                break
            self._advance()
        self._close(opening)
        return tuple(items)

    def _close(self, opening: Token) -> None:
        token = self._token
        if token.text == _CLOSING[opening.text]:
            self._advance()
        elif token.kind == "end":
            raise FormulaError(f"`{opening.text}` is never closed", opening.place)
        elif token.text in (")", "]"):
            raise FormulaError(
                f"`{token.text}` does not close `{opening.text}`",
                token.place,
                help=f"write `{_CLOSING[opening.text]}`",
            )
        else:
            raise self._unexpected()

    def _advance(self) -> Token:
        self._last = self._token
        self._token = next(self._stream)
        return self._last

    def _since(self, first: Node | Token) -> Place:
        return Place(first.place.start, self._last.place.end)

    def _unexpected(self) -> FormulaError:
        token = self._token
        if token.kind == "operator" or token.text in _KEYWORDS:
            message = f"{quoted(token.text)} does not belong here"
        else:
            message = f"an operator is missing before {quoted(token.text)}"
        return FormulaError(message, token.place, help=_HELP.get(token.text, ""))

    def _no_value(self, wanted: str) -> FormulaError:
        token = self._token
        if token.kind == "end":
            return FormulaError(
                f"the formula ends where {wanted} is missing, behind {quoted(self._last.text)}",
                self._last.place,
            )
        return FormulaError(f"{wanted} is missing before {quoted(token.text)}", token.place)


def _number(token: Token, work: Work) -> Node:
    text = token.text
    try:
        value = int(text) if text.replace("_", "").isdigit() and len(text) < 100 else float(text)
    except ValueError:
        raise FormulaError(
            f"{quoted(token.text)} is not a number",
            token.place,
            help="numbers are written as 10, 1_000, 0.5 or 1e-3, and products with `*`",
        ) from None
    bounded(value, token.place, work)
    return Constant(value, token.place)


def _too_deep(place: Place, most: int) -> FormulaError:
    return FormulaError(
        f"the formula nests more than {most:,} levels deep",
        place,
        help="give a part of it a name, as a parameter whose default is a formula, or "
        + allow("formula_depth"),
    )
