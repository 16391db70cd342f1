"""The order of the arguments of torch's and Keras's layers, held against the libraries."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import pytest
import torch

from archspec import ops
from archspec.frontend.elsewhere import KERAS, TORCH, call_of
from archspec.frontend.vocabulary import bare


def members(family: str) -> Iterator[str]:
    names = [name for name in ops.names() if name.rstrip("d").rstrip("123") == family]
    yield from names or [family]


def torch_module(name: str) -> type[torch.nn.Module]:
    meant = {"batch_norm": "BatchNorm2d", "instance_norm": "InstanceNorm2d",
             "multi_head_attention": "MultiheadAttention"}  # fmt: skip
    wanted = meant.get(name, name).replace("_", "").lower()
    found: type[torch.nn.Module]
    (found,) = {value for key, value in vars(torch.nn).items() if key.lower() == wanted}
    return found


@pytest.mark.parametrize("family", TORCH)
def test_the_order_is_torch_s(family: str) -> None:
    for name in members(family):
        module = torch_module(name)
        takes = [*inspect.signature(module).parameters]
        if takes[0] == "args":  # a recurrent module hands its arguments on, behind its kind
            takes = [*inspect.signature(torch.nn.RNNBase.__init__).parameters][2:]
        assert takes[: len(TORCH[family])] == [*TORCH[family]]


@pytest.mark.parametrize("family", KERAS)
def test_the_order_is_keras_s(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    import keras

    for name in members(family):
        for called in ops.find(name).keras_names:
            takes = [*inspect.signature(getattr(keras.layers, called).__init__).parameters][1:]
            assert takes[: len(KERAS[family])] == [*KERAS[family]]


@pytest.mark.parametrize("word", ["f(", "f(x for x in y)", "f" + "(" * 150, "(1)(2", "a(b\0)"])
def test_what_is_no_call_gives_no_values(word: str) -> None:
    call = call_of(word)
    assert call is not None
    assert all(value == "…" for value in call.values)
    assert not call.named
    assert bare(word) == word.partition("(")[0]
