"""The words of a formula: text in, tokens with their places out."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from archspec.frontend.formula.errors import FormulaError, Place

# A number takes in whatever sticks to it, so that `2x` and `1.2.3` are one mistake.
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>(?:(?<![\w)\]])\.)?[0-9](?:[eE][-+](?=[0-9])|[0-9A-Za-z_.])*)
    |(?P<name>[^\W\d]\w*)
    |(?P<string>'[^']*'|"[^"]*")
    |(?P<foreign>\*\*|={3}|<>|&&?|\|\|?|(?<![!<>=])=(?!=)|!(?!=)|[\^×·−–÷≤≥≠“”‘’?])
    |(?P<operator>//|[=!<>]=|[-+*/%<>()\[\],.])
    |(?P<end>\Z)
    )""",
    re.VERBOSE,
)

_INSTEAD = {
    "===": "==", "=": "==", "<>": "!=", "!": "not", "&": "and", "&&": "and", "|": "or",
    "||": "or", "×": "*", "·": "*", "−": "-", "–": "-", "÷": "/", "≤": "<=", "≥": ">=",
    "≠": "!=", "“": '"', "”": '"', "‘": "'", "’": "'", "?": "a if condition else b",
}  # fmt: skip

_HELP = {
    "{": "a list is written [a, b]",
    ":": "there are no slices; a choice is written `a if condition else b`",
}


class Token(NamedTuple):
    """A word of a formula.

    Attributes:
        kind: `number`, `name`, `string`, `operator` or `end`.
        text: The word as it stands there, a string with its quotes.
        place: Where.
    """

    kind: str
    text: str
    place: Place


def tokens(text: str) -> Iterator[Token]:
    """Yields the tokens of a formula, the last one of kind `end`.

    Raises:
        FormulaError: A character or an operator that formulas do not have.
    """
    position = 0
    while True:
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise _unknown(text, position)
        kind = match.lastgroup
        place = Place(match.start(kind), match.end())
        token = Token(kind, text[place.start : place.end], place)
        if kind == "foreign":
            raise _foreign(token)
        yield token
        if kind == "end":
            return
        position = place.end


def _unknown(text: str, position: int) -> FormulaError:
    rest = text[position:].lstrip()
    start = len(text) - len(rest)
    if rest[0] in "'\"":
        return FormulaError(
            "the string is never closed", Place(start, len(text)), help=f"end it with {rest[0]}"
        )
    return FormulaError(
        f"formulas have no character {rest[0]!r}",
        Place(start, start + 1),
        help=_HELP.get(rest[0], ""),
    )


def _foreign(token: Token) -> FormulaError:
    if token.text in ("**", "^"):
        return FormulaError(
            f"formulas have no powers: `{token.text}`",
            token.place,
            help="write the product, such as x * x",
        )
    return FormulaError(
        f"`{token.text}` is not an operator of formulas",
        token.place,
        help=f"write `{_INSTEAD[token.text]}`",
    )
