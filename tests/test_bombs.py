"""Specs of a few lines, or of one very long one, that would take minutes or all of the memory."""

import pytest
from test_limits import analysed, nested

BOMBS = {
    "each without layers": "params: {r: [" + "0, " * 9_000 + "0]}\n"
    "layers: [add: {each: {a: =r}, path: [add: {each: {b: =r}, path: []}]}]",
    "calls of blocks": "blocks:\n  b0: {layers: [tanh]}\n"
    + "".join(f"  b{i + 1}: {{layers: [b{i}]}}\n" for i in range(1000))
    + "layers: [b1000]",
    "reuse of reuse": "layers:\n  - tanh: {name: r0}\n"
    + "".join(f"  - reuse: {{name: r{i + 1}, layer: r{i}}}\n" for i in range(400)),
    "sums again and again": "params: {r: [" + "0, " * 9_000 + "4]}\n"
    "layers: [linear: {repeat: 20_000, out_features: =sum(r)}]",
    "a long formula": f"layers: [linear: =1{' + 1' * 500_000}]",
    "a long formula again and again": "layers: [linear: {repeat: 20_000, out_features: =4"
    f"{' + 0' * 20_000}}}]",
    "a long list again and again": "blocks: {b: {params: {q: list}, layers: []}}\n"
    f"layers: [b: {{repeat: 20_000, q: [{'0, ' * 20_000}]}}]",
    "parameters again and again": "params:\n"
    + "".join(f"  p{i}: {i}\n" for i in range(30_000))
    + "blocks: {b: {layers: [tanh]}}\nlayers: [b: {repeat: 20_000}]",
    "patterns again and again": "layers: [linear: {repeat: 20_000, out_features: 4, "
    f"freeze: [{'a*b, ' * 5_000}]}}]",
    "lists in lists": "params:\n  p0: [1]\n"
    + "".join(f"  p{i + 1}: [=p{i}, =p{i}]\n" for i in range(60))
    + "layers: [linear: =p60]",
    "mappings in mappings": "params:\n  p0: {a: 1}\n"
    + "".join(f"  p{i + 1}: {{a: =p{i}, b: =p{i}}}\n" for i in range(60))
    + "layers: [linear: =p60]",
    "lists ever deeper": "params:\n  p0: [1]\n"
    + "".join(f"  p{i + 1}: [=p{i}]\n" for i in range(2_000))
    + "layers: [linear: =p2000]",
    "long names": "layers: ["
    + nested(f"group: {{name: {'g' * 80}, layers: [", "tanh: {repeat: 20_000}", "]}", 30)
    + "]",
    "flow mappings": f"params: {{p: [{'{a: 1}, ' * 100_000}]}}\nlayers: [tanh]",
    "mistakes": "layers:\n" + "".join(f"  - tanh: {{from: y{i}}}\n" for i in range(20_000)),
    "brackets": "layers: " + "[" * 1_000_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused(name: str) -> None:
    codes = {fault.code for fault in analysed(BOMBS[name]).diagnostics}
    assert codes & {"E008", "E112"}
    assert codes <= {"E008", "E112", "E106"}


def test_a_long_literal_list_is_no_bomb() -> None:
    assert analysed(f"params: {{p: [{'[1, 2], ' * 20_000}]}}\nlayers: [linear: '=len(p)']").ok
