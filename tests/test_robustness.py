"""Faulty specs of every kind end in diagnostics, never in an exception."""

import random
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from archspec.diagnostics.codes import CODES
from archspec.diagnostics.render import render
from archspec.frontend.compiler import analyse_text
from archspec.frontend.shipped import shipped_specs

TEXTS = [path.read_text(encoding="utf-8") for path in shipped_specs().values()]
TOKENS = re.compile(r"[A-Za-z_0-9]+|\s+|.", re.DOTALL)
WORDS = sorted({token for text in TEXTS for token in TOKENS.findall(text)})
EXTRA = ["=", "=in", "=in.height", "null", "-1", "0", "1e99", "[]", "{}", "[[]]", "''", "=1/0",
         "repeat", "when", "first", "from", "name", "expect", "=[1, 2]", "true", ".nan", "&a", "*a",
         "99999999999999999999", "residual", "auxiliary", "concat", "layers", "# "]  # fmt: skip


def mutated(text: str, seed: int, changes: int) -> str:
    chance = random.Random(seed)
    tokens = TOKENS.findall(text)
    for _ in range(changes):
        at = chance.randrange(len(tokens))
        choice = chance.choice(["drop", "double", "swap", "replace", "replace", "insert"])
        word = chance.choice(EXTRA) if chance.random() < 0.5 else chance.choice(WORDS)
        if choice == "drop" and len(tokens) > 1:
            del tokens[at]
        elif choice == "double":
            tokens.insert(at, tokens[at])
        elif choice == "swap":
            other = chance.randrange(len(tokens))
            tokens[at], tokens[other] = tokens[other], tokens[at]
        elif choice == "insert":
            tokens.insert(at, word)
        else:
            tokens[at] = word
    return "".join(tokens)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(TEXTS), st.integers(0, 2**32), st.integers(1, 4))
def test_a_mutated_spec_compiles_or_has_documented_faults(
    text: str, seed: int, changes: int
) -> None:
    broken = mutated(text, seed, changes)
    compiled = analyse_text(broken, "mutated.yaml")
    lines = broken.split("\n")
    for diagnostic in compiled.diagnostics:
        assert diagnostic.code in CODES
        assert 1 <= diagnostic.span.line <= len(lines) + 1
    assert render(compiled.diagnostics, compiled.sources) or compiled.ok
    paths = [node.path for node in compiled.graph.nodes]
    assert len(set(paths)) == len(paths)
