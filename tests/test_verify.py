"""The proof that an ONNX file computes what PyTorch does, and what it does not let pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import pytest
from execution import Arrays
from networks import branching
from onnx import numpy_helper

from archspec.backends.fit import MisfitError
from archspec.backends.onnx import NEWEST_OPSET, OPSET, PASSES_BY_DEFAULT, export
from archspec.backends.trial_data import random_weights
from archspec.backends.verify import (
    NotProvedError,
    Proof,
    WrongModelError,
    verified,
)
from archspec.backends.weights import initial_weights
from archspec.frontend import compile_text
from archspec.ir.dim import Dim
from archspec.ir.graph import Graph

CONV = "conv2d: {out_channels: 6, kernel_size: 3, padding: 1}"


def _graph(inputs: str, *layers: str, more: str = "") -> Graph:
    listed = "".join(f"- {layer}\n" for layer in layers)
    return compile_text(f"name: net\ninputs: {{{inputs}}}\nlayers:\n{listed}{more}", "net").graph


def _written(graph: Graph, weights: Arrays, path: Path, passes: Iterable[str]) -> Path:
    export(graph, weights, path, metadata={}, passes=passes)
    return path


def _proof(
    graph: Graph, folder: Path, weights: Arrays | None = None, *, twin: bool = True
) -> Proof:
    """Returns the proof of a file with the given weights, or those of seed 0."""
    weights = initial_weights(graph, 0) if weights is None else weights
    remake = partial(export, graph, metadata={})
    remake(weights, folder / "net.onnx")
    return verified(graph, weights, folder / "net.onnx", remake=remake if twin else None)


NETWORKS = {
    "probabilities": _graph("x: [1, 9, 9]", "flatten", "linear: 4", "softmax"),
    "a share": _graph("x: [7]", "linear: 1", "sigmoid", "dropout"),
    "a sequence": _graph("x: [T, 3]", "lstm: 5", "linear: 2"),
    "words": _graph(
        "x: {shape: [T], dtype: int64}",
        "embedding: {num_embeddings: 3, embedding_dim: 4}",
        "linear: 2",
    ),
    "an image of pixels": _graph("x: [3, H, W]", "rescaling: 0.00392", CONV),
    "two of everything": _graph(
        "a: [4], b: [4]",
        "subtract: {from: [a, b]}",
        "linear: {name: one, out_features: 3}",
        "linear: {name: two, out_features: 2, from: subtract}",
        "softmax",
        more="outputs: {first: one, second: softmax}\n",
    ),
    "no weights": _graph("x: [2, H, W]", "max_pool2d: 2", "tanh"),
    "sizes that must agree": _graph(
        "x: [1, H, W]",
        "residual: [max_pool2d: 2, upsample: 2]",
        "conv2d: {out_channels: 2, kernel_size: 3}",
    ),
    "numbers that grow fast": _graph("x: [3]", "exp", "exp", "linear: 2"),
    "one of all it takes": _graph("x: [1]", "abs", "linear: {out_features: 1, bias: false}"),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_an_export_is_proved(name: str, tmp_path: Path) -> None:
    proof = _proof(NETWORKS[name], tmp_path)
    assert proof.difference <= 1e-5
    assert proof.file.telling
    assert proof.twin
    assert proof.twin.telling
    assert [sizes["batch"] for sizes in proof.sizes] == [1, 3]


@pytest.mark.parametrize("passes", [(), PASSES_BY_DEFAULT], ids=["plain", "optimised"])
def test_heads_are_compared_where_a_model_keeps_them(
    passes: tuple[str, ...], tmp_path: Path
) -> None:
    graph = branching(Dim.of("H"), 10)
    weights = random_weights(graph)
    file = _written(graph, weights, tmp_path / "net.onnx", passes)
    verified(graph, weights, file)
    if not passes:
        changed = weights | {"early.fc.bias": weights["early.fc.bias"] + 1}
        with pytest.raises(NotProvedError, match="output `early` differs"):
            verified(graph, changed, file)


def test_the_proof_says_what_was_compared(tmp_path: Path) -> None:
    (line,) = _proof(NETWORKS["sizes that must agree"], tmp_path).lines()
    start = "verified against PyTorch: batch 1 and 3, H 32 and 34, W 32 and 36, outputs differ by"
    assert line.startswith(start)
    assert line.endswith(" (limit 1e-04)")
    (line,) = _proof(NETWORKS["probabilities"], tmp_path).lines()
    assert line.startswith("verified against PyTorch: batch 1 and 3, logits differ by at most ")


def _change(path: Path, change: Callable[[onnx.GraphProto], object]) -> None:
    model = onnx.load(path)
    change(model.graph)
    onnx.save(model, path)


def _swap_first_two_alike(graph: onnx.GraphProto) -> tuple[str, str]:
    """Swaps two initialisers of equal shape, and returns their names."""
    alike: dict[tuple[int, ...], list[onnx.TensorProto]] = {}
    for tensor in graph.initializer:
        alike.setdefault((*tensor.dims,), []).append(tensor)
    one, two = max((t for t in alike.values() if len(t) > 1), key=lambda t: len(t[0].dims))[:2]
    one.name, two.name = two.name, one.name
    return one.name, two.name


DEEP = _graph(
    "image: [6, 12, 12]", *[CONV, "batch_norm", "relu"] * 3, "flatten", "linear: 4", "softmax"
)


@pytest.mark.parametrize("opset", [OPSET, NEWEST_OPSET])
@pytest.mark.parametrize("passes", [(), PASSES_BY_DEFAULT], ids=["plain", "optimised"])
def test_swapped_weights_are_found(passes: tuple[str, ...], opset: int, tmp_path: Path) -> None:
    weights, path = initial_weights(DEEP, 0), tmp_path / "net.onnx"
    export(DEEP, weights, path, metadata={}, passes=passes, opset=opset)
    verified(DEEP, weights, path)
    _change(path, _swap_first_two_alike)
    with pytest.raises(NotProvedError) as error:
        verified(DEEP, weights, path)
    assert "net.onnx does not compute what PyTorch does" in error.value.message
    assert "it begins at " in error.value.help
    assert "these weights, this variant and these settings" in error.value.help


def _bias_of_a_softmax(graph: onnx.GraphProto) -> None:
    (bias,) = [t for t in graph.initializer if t.name == "linear.bias"]
    bias.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(bias) + 1, bias.name))


def test_what_a_softmax_hides_is_found(tmp_path: Path) -> None:
    # The same number added to all logits changes no probability.
    graph = NETWORKS["probabilities"]
    weights = initial_weights(graph, 0)
    file = _written(graph, weights, tmp_path / "net.onnx", PASSES_BY_DEFAULT)
    _change(file, _bias_of_a_softmax)
    with pytest.raises(NotProvedError, match="what makes output `output` differs by"):
        verified(graph, weights, file)


def _along_the_batch(graph: onnx.GraphProto) -> None:
    (softmax,) = [node for node in graph.node if node.op_type == "Softmax"]
    softmax.attribute[0].i = 0


def test_a_wrong_softmax_is_found(tmp_path: Path) -> None:
    graph = NETWORKS["probabilities"]
    weights = initial_weights(graph, 0)
    file = _written(graph, weights, tmp_path / "net.onnx", PASSES_BY_DEFAULT)
    _change(file, _along_the_batch)
    with pytest.raises(NotProvedError, match=r"output `output` differs by .* \(limit 1e-02\)"):
        verified(graph, weights, file)


FADING = _graph("x: [40]", *["linear: 40", "tanh"] * 40, "linear: 3")


def test_signals_that_fade_are_compared_within_the_network(tmp_path: Path) -> None:
    proof = _proof(FADING, tmp_path, twin=False)
    assert not proof.file.telling
    assert proof.file.inner > 5
    _, line = proof.lines()
    assert line == (
        "  they hardly depend on the input, so "
        f"{proof.file.inner} values within the network were compared too"
    )
    _change(tmp_path / "net.onnx", _swap_first_two_alike)
    with pytest.raises(NotProvedError, match="differs by"):
        verified(FADING, initial_weights(FADING, 0), tmp_path / "net.onnx")


def _zeros(graph: Graph) -> dict[str, np.ndarray]:
    return {name: np.zeros_like(array) for name, array in initial_weights(graph, 0).items()}


def test_nothing_is_proved_by_outputs_that_never_change(tmp_path: Path) -> None:
    graph = NETWORKS["probabilities"]
    with pytest.raises(NotProvedError, match="nothing is proved: with these weights the outputs"):
        _proof(graph, tmp_path, _zeros(graph), twin=False)
    _, line = _proof(graph, tmp_path, _zeros(graph)).lines()
    assert line == (
        "  with these weights they hardly depend on the input, "
        "so the proof is a twin of the file with random weights"
    )


def test_nothing_is_proved_of_a_network_that_is_constant_by_nature(tmp_path: Path) -> None:
    with pytest.raises(NotProvedError, match="nothing is proved: with any weights the outputs"):
        _proof(_graph("x: [1]", "softmax", "linear: 3"), tmp_path)


def test_weights_that_are_no_numbers_prove_nothing(tmp_path: Path) -> None:
    graph = NETWORKS["probabilities"]
    weights = initial_weights(graph, 0) | {"linear.bias": np.full(4, np.nan, np.float32)}
    with pytest.raises(NotProvedError, match="not finite in PyTorch"):
        _proof(graph, tmp_path, weights)


def test_a_model_that_makes_no_numbers_is_refused(tmp_path: Path) -> None:
    graph = NETWORKS["probabilities"]
    weights = initial_weights(graph, 0)
    broken = weights | {"linear.bias": np.array([0, np.nan, 0, 0], np.float32)}
    file = _written(graph, broken, tmp_path / "net.onnx", ())
    with pytest.raises(NotProvedError, match="differs by inf"):
        verified(graph, weights, file)


def test_a_twin_shows_what_fresh_weights_hide(tmp_path: Path) -> None:
    # Batch norm's mean is 0 at first, so that leaving it out changes nothing.
    weights = initial_weights(DEEP, 0)

    def forgetful(given: Arrays, path: Path) -> None:
        still = {n: np.zeros_like(a) for n, a in given.items() if n.endswith("running_mean")}
        export(DEEP, {**given, **still}, path, metadata={})

    forgetful(weights, tmp_path / "net.onnx")
    verified(DEEP, weights, tmp_path / "net.onnx")
    with pytest.raises(NotProvedError, match=r"twin\.onnx does not compute what PyTorch does"):
        verified(DEEP, weights, tmp_path / "net.onnx", remake=forgetful)


def test_weights_beside_the_file_are_read(tmp_path: Path) -> None:
    weights = random_weights(DEEP)
    file = _written(DEEP, weights, tmp_path / "net.onnx", ())
    onnx.save(onnx.load(file), file, save_as_external_data=True, size_threshold=0, location="w")
    verified(DEEP, weights, file)
    (tmp_path / "w").unlink()
    with pytest.raises(WrongModelError, match="is no valid ONNX model"):
        verified(DEEP, weights, file)


def _a_fixed_batch(graph: onnx.GraphProto) -> None:
    graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1


def _another_output(graph: onnx.GraphProto) -> None:
    graph.output[0].name = graph.node[-1].output[0] = "other"


def _a_lie_within(graph: onnx.GraphProto) -> None:
    graph.value_info[0].type.tensor_type.shape.dim[1].dim_value = 77


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_a_fixed_batch, r"image is float \[1, 6, 12, 12\] in the model, but float32 \[batch"),
        (_another_output, "the model's outputs are other instead of output"),
        (_a_lie_within, "is no valid ONNX model"),
    ],
)
def test_a_model_of_other_shapes_is_refused(
    change: Callable[[onnx.GraphProto], None], message: str, tmp_path: Path
) -> None:
    weights = random_weights(DEEP)
    file = _written(DEEP, weights, tmp_path / "net.onnx", ())
    _change(file, change)
    with pytest.raises(WrongModelError, match=message):
        verified(DEEP, weights, file)


@pytest.mark.parametrize("content", [b"", b"name: net\n", b"\x08"])
def test_what_is_no_model_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(content)
    with pytest.raises(WrongModelError, match=r"net\.onnx"):
        verified(DEEP, random_weights(DEEP), tmp_path / "net.onnx")


def test_a_file_that_is_missing_and_weights_that_do_not_fit_are_told_apart(tmp_path: Path) -> None:
    weights = random_weights(DEEP)
    with pytest.raises(FileNotFoundError):
        verified(DEEP, weights, tmp_path / "net.onnx")
    weights.pop("linear.bias")
    with pytest.raises(MisfitError, match="1 missing"):
        verified(DEEP, weights, tmp_path / "net.onnx")
