"""Changes of one line, as a slip of the hand makes them; what they break should be found there."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping

Edit = Callable[[str, random.Random, tuple[str, ...]], "list[str] | None"]
"""Takes a line, a source of chance and words of other specs; `None` where it does not apply."""

TOKEN = re.compile(r"[A-Za-z_]\w*|\d[\d_.]*|[^\w\s]")
WORD = re.compile(r"[A-Za-z_]\w*")
KEY = re.compile(r"[\w=]+: ?")
VALUE = re.compile(r"(?<=: )[^\s,\]}{\[#]+")
ITEM = re.compile(r"[^\s,\]}{\[#]+(: [^\s,\]}{\[#]+)?")
NUMBER = re.compile(r"(?<![\w.])-?\d[\d_]*(\.\d+)?(e-?\d+)?(?![\w.])")

OTHER_TYPES = (
    "null", "~", "true", "no", "text", "''", "[]", "[[]]", "{}", "[1, 2]", "{a: 1}",
    "{a: {b: [c]}}", "1.5", "'3'", "0x10", ".nan", "2024-01-01", "1:30", "=in", "=in.channels",
    "=[1, 2]", "(3, 3)", "!!int 3", "|", ">", "- 3", "3 3", "=max(1, 2)", "$x", "${x}", "{{x}}",
    "@x", "`x`", "%x", "*x", "&x",
)  # fmt: skip
NUMBERS = (
    "0", "-1", "1", "2", "1_000", "0.5", "-0.0", "1e308", "1e999", "-1e999", "1e-400", str(2**31),
    str(2**63), str(10**30), "9" * 400, "9" * 5000, "1" + "_0" * 60, "0x" + "f" * 64, ".inf",
    "1e5",
)  # fmt: skip
FORMULAS = (
    "=", "==", "=()", "=1/0", "=1//0", "=1%0", "=in.height", "=in.nothing", "=x", "=1 +", "=(1",
    "=1)", '=__import__("os").system("true")', "=().__class__.__bases__", "=in.__class__",
    '="a".upper()', '="%s" % 1', '="a" * 1_000_000_000', '="{0.__class__}"', "=lambda: 1",
    "='x' + 'y'", "=in", "=exec(1)", '=open("/etc/passwd")', "=range(1_000_000_000)",
    "=[0] * 1_000_000_000", "=2 ** 99999", "=" + "9" * 4000, "=" + " * ".join(["99999999"] * 400),
    "=" + "(" * 5000, "=" + "-" * 5000 + "1", "=" + "(" * 500 + "1" + ")" * 500,
    "=" + "not " * 3000 + "1", "=" + "[" * 900 + "]" * 900, "=1" + " if 1 else 2" * 3000,
    "=" + "in." * 3000 + "x", "=max(" * 300 + "1" + ")" * 300, "=[1, 2][0:1]", "=[1][10**9]",
    "=[1][-1]", "=[i for i in [1]]", "={1: 2}", "=1 if", "=int(1e308)", "=int(1e308 * 10)",
    "=round(1e308 * 10 - 1e308 * 10)", "=sum([1] + [2])", '=len("' + "a" * 5000 + '")',
    "=divisible(1, 0)", "=divisible(1e300, 8)", "=min()", "=max([])", "=count", "=index", "=1_0",
    "=1__0", "=0x10", "=1e", "=1.2.3", "=\"a", "='a' < 1", "=[1] < [2]", "=true + true", "=not in",
    "=1 < 2 < 3",
)  # fmt: skip
STRANGE = (
    "\0", "\x07", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u200b", "\ufeff", "\u202e", "\ud7ff",
    "\ufffe", "\t", "\r", "\f", "\v", "\xa0", "　", "’", "“", "–", "：", "，",
)  # fmt: skip
SIGNS = (*"[]{}()'\"#&*!|>%@`:,-?=\\", ": ", ", ", " #", "- ", "---", "...", "<<: ")
NAMES = (
    "층", "합성곱", "🦊", "é", "e\u0301", "Ω", "name", "from", "train", "double", "class",
    "__class__", "a.b", "a b", "a-b", "1a", "_", "in", "index", "forward", "a" * 300,
    "true", "None", "=x",
)  # fmt: skip


def _without(line: str, found: re.Match[str]) -> str:
    return line[: found.start()] + line[found.end() :]


def _with(line: str, found: re.Match[str], text: str) -> list[str]:
    return [line[: found.start()] + text + line[found.end() :]]


def _one(pattern: re.Pattern[str], line: str, chance: random.Random) -> re.Match[str] | None:
    found = [*pattern.finditer(line)]
    return chance.choice(found) if found else None


def _deleting(pattern: re.Pattern[str]) -> Edit:
    def edit(line: str, chance: random.Random, _: tuple[str, ...]) -> list[str] | None:
        found = _one(pattern, line, chance)
        return [_without(line, found)] if found else None

    return edit


def _replacing(pattern: re.Pattern[str], texts: tuple[str, ...]) -> Edit:
    def edit(line: str, chance: random.Random, _: tuple[str, ...]) -> list[str] | None:
        found = _one(pattern, line, chance)
        return _with(line, found, chance.choice(texts)) if found else None

    return edit


def _repeating(pattern: re.Pattern[str], between: str) -> Edit:
    def edit(line: str, chance: random.Random, _: tuple[str, ...]) -> list[str] | None:
        found = _one(pattern, line, chance)
        return _with(line, found, f"{found[0]}{between}{found[0]}") if found else None

    return edit


def _inserting(texts: tuple[str, ...]) -> Edit:
    def edit(line: str, chance: random.Random, _: tuple[str, ...]) -> list[str]:
        at = chance.randrange(len(line) + 1)
        return [line[:at] + chance.choice(texts) + line[at:]]

    return edit


def _deleting_character(line: str, chance: random.Random, _: tuple[str, ...]) -> list[str] | None:
    found = _one(re.compile(r"\S"), line, chance)
    return [_without(line, found)] if found else None


def _misspelling(line: str, chance: random.Random, _: tuple[str, ...]) -> list[str] | None:
    found = _one(re.compile(r"[A-Za-z_]\w{2,}"), line, chance)
    if found is None:
        return None
    word, at = found[0], chance.randrange(len(found[0]) - 1)
    letter = chance.choice("abcdefghijklmnopqrstuvwxyz")
    slip = chance.choice((
        word[:at] + word[at + 1 :],
        word[:at] + letter + word[at:],
        word[:at] + letter + word[at + 1 :],
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        word.swapcase() if chance.random() < 0.3 else word + "s",
    ))  # fmt: skip
    return _with(line, found, slip)


def _renaming(line: str, chance: random.Random, words: tuple[str, ...]) -> list[str] | None:
    found = _one(WORD, line, chance)
    return _with(line, found, chance.choice(words)) if found else None


def _indenting(line: str, chance: random.Random, _: tuple[str, ...]) -> list[str]:
    bare = line.lstrip(" ")
    depth = len(line) - len(bare)
    depths = (0, max(0, depth - 2), max(0, depth - 1), depth + 1, depth + 2, depth + 4)
    return [chance.choice(("\t", " \t", *(" " * depth for depth in depths))) + bare]


def _swapping(line: str, chance: random.Random, _: tuple[str, ...]) -> list[str] | None:
    found = [*TOKEN.finditer(line)]
    if len(found) < 2:
        return None
    first, second = sorted(chance.sample(range(len(found)), 2))
    a, b = found[first], found[second]
    return [line[: a.start()] + b[0] + line[a.end() : b.start()] + a[0] + line[b.end() :]]


EDITS: Mapping[str, Edit] = {
    "delete a line": lambda _line, _chance, _words: [],
    "delete a word": _deleting(TOKEN),
    "delete a key": _deleting(KEY),
    "delete a value": _deleting(VALUE),
    "delete a character": _deleting_character,
    "duplicate a line": lambda line, _chance, _words: [line, line],
    "duplicate an item": _repeating(ITEM, ", "),
    "duplicate a word": _repeating(TOKEN, " "),
    "retype a value": _replacing(VALUE, OTHER_TYPES),
    "retype a word": _replacing(TOKEN, OTHER_TYPES),
    "a huge or strange number": _replacing(NUMBER, NUMBERS),
    "a formula that escapes": _replacing(VALUE, FORMULAS),
    "rename by one letter": _misspelling,
    "rename to another word": _renaming,
    "rename to what cannot be a name": _replacing(WORD, NAMES),
    "re-indent a line": _indenting,
    "swap two words": _swapping,
    "insert a sign": _inserting(SIGNS),
    "insert a strange character": _inserting(STRANGE),
}
"""The changes by what they are called."""
