"""Changes of a whole file: what editors, transfers and merges do to it."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

import yaml
from mutations import mutate
from random_specs import dump

from archspec.diagnostics import lines_of
from mutants.lines import EDITS

Change = Callable[[str, random.Random, tuple[str, ...]], bytes]
"""Takes a text, a source of chance and words of other specs."""


def _bytes(change: Callable[[bytes, random.Random], bytes]) -> Change:
    return lambda text, chance, _words: change(text.encode(), chance)


def _lines(change: Callable[[list[str], random.Random], list[str]]) -> Change:
    def changed(text: str, chance: random.Random, _: tuple[str, ...]) -> bytes:
        return "\n".join(change(lines_of(text), chance)).encode()

    return changed


def _not_utf8(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    junk = chance.choice((b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xe3\x81", b"\x80" * 9, b"\xf5"))
    return data[:at] + junk + data[at:]


def _other_encoding(data: bytes, chance: random.Random) -> bytes:
    text = data.decode()
    name = chance.choice(
        ("utf-16", "utf-16-le", "utf-32", "cp949", "latin-1", "utf-8-sig", "utf-7")
    )
    return text.encode(name, errors="replace")


def _nul(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + bytes(chance.choice((1, 1, 64, 100_000))) + data[at:]


def _flipped(data: bytes, chance: random.Random) -> bytes:
    made = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 8))):
        made[chance.randrange(len(made))] ^= 1 << chance.randrange(8)
    return bytes(made)


def _truncated(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def _line_breaks(data: bytes, chance: random.Random) -> bytes:
    breaks = (b"\r\n", b"\r", b"\x0b", b"\x0c", "\x85".encode(), "\u2028".encode(), b"\n\r", b"")
    return data.replace(b"\n", chance.choice(breaks))


def _span(lines: list[str], chance: random.Random) -> tuple[int, int]:
    start = chance.randrange(len(lines))
    return start, min(len(lines), start + chance.randint(1, 8))


def _block_indented(lines: list[str], chance: random.Random) -> list[str]:
    start, stop = _span(lines, chance)
    more = chance.choice((" ", "  ", "    ", "\t"))
    deeper = chance.random() < 0.6
    for at in range(start, stop):
        lines[at] = more + lines[at] if deeper else lines[at].removeprefix("  ")
    return lines


def _all_tabs(lines: list[str], _: random.Random) -> list[str]:
    return [line.replace("  ", "\t") for line in lines]


def _block_moved(lines: list[str], chance: random.Random) -> list[str]:
    start, stop = _span(lines, chance)
    cut = lines[start:stop]
    if chance.random() < 0.5:
        del lines[start:stop]
    at = chance.randrange(len(lines) + 1)
    return lines[:at] + cut + lines[at:]


def _block_deleted(lines: list[str], chance: random.Random) -> list[str]:
    start, stop = _span(lines, chance)
    return lines[:start] + lines[stop:]


def _lines_swapped(lines: list[str], chance: random.Random) -> list[str]:
    a, b = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]
    return lines


def _shuffled(lines: list[str], chance: random.Random) -> list[str]:
    chance.shuffle(lines)
    return lines


def _several(text: str, chance: random.Random, words: tuple[str, ...]) -> bytes:
    lines = lines_of(text)
    for _number in range(chance.randint(2, 6)):
        at = chance.randrange(len(lines))
        edit = EDITS[chance.choice([*EDITS])]
        lines[at : at + 1] = edit(lines[at], chance, words) or [lines[at]]
    return "\n".join(lines).encode(errors="replace")


def _tree(text: str, chance: random.Random, _: tuple[str, ...]) -> bytes:
    spec = yaml.safe_load(text)
    for _number in range(chance.randint(1, 3)):
        mutate(spec, chance)
    return dump(spec).encode()


CHANGES: Mapping[str, Change] = {
    "a part of the tree": _tree,
    "several lines": _several,
    "swap two lines": _lines(_lines_swapped),
    "move or copy a block": _lines(_block_moved),
    "delete a block": _lines(_block_deleted),
    "re-indent a block": _lines(_block_indented),
    "tabs for spaces": _lines(_all_tabs),
    "shuffle the lines": _lines(_shuffled),
    "truncate": _bytes(_truncated),
    "bytes that are not UTF-8": _bytes(_not_utf8),
    "another encoding": _bytes(_other_encoding),
    "NUL bytes": _bytes(_nul),
    "flipped bits": _bytes(_flipped),
    "other line breaks": _bytes(_line_breaks),
}
"""The changes by what they are called."""
