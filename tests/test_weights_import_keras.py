"""Weights of Keras's layers: their layouts, gates and biases give the same outputs here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import keras
import numpy as np
import pytest
from execution import difference, random_weights, run_torch
from keras import layers as kl
from keras_weights import save, set_random_weights

from archspec.backends.fit import MisfitError, WeightsError
from archspec.backends.weights_import import UndecidedError, import_weights
from archspec.cli import main
from archspec.frontend import compile_text
from archspec.ir.graph import Graph


class Case(NamedTuple):
    """Layers of Keras, and ours.

    Attributes:
        shape: The shape of an example in Keras.
        theirs: The layers there.
        ours: The same here.
        dtype: The type of an example.
    """

    shape: tuple[int, ...]
    theirs: Callable[[], list[Any]]
    ours: str
    dtype: str = "float32"


SAME = "padding: same"
CASES = {
    "conv2d": Case((7, 6, 3), lambda: [kl.Conv2D(4, (3, 2), strides=2, padding="same")],
                   f"[conv2d: {{out_channels: 4, kernel_size: [3, 2], stride: 2, {SAME}}}]"),
    "grouped": Case((7, 6, 4), lambda: [kl.Conv2D(6, 3, groups=2)],
                    "[conv2d: {out_channels: 6, kernel_size: 3, groups: 2}]"),
    "conv1d": Case((9, 3), lambda: [kl.Conv1D(4, 3)],
                   "[conv1d: {out_channels: 4, kernel_size: 3}]"),
    "conv3d": Case((5, 6, 7, 2), lambda: [kl.Conv3D(3, (2, 3, 4))],
                   "[conv3d: {out_channels: 3, kernel_size: [2, 3, 4]}]"),
    "transposed": Case((4, 5, 3), lambda: [kl.Conv2DTranspose(4, 3, strides=2, padding="same")],
                       f"[conv_transpose2d: {{out_channels: 4, kernel_size: 3, stride: 2, "
                       f"{SAME}}}]"),
    "depthwise": Case((6, 6, 3), lambda: [kl.DepthwiseConv2D(3, depth_multiplier=2)],
                      "[depthwise_conv2d: {kernel_size: 3, depth_multiplier: 2}]"),
    "depthwise as groups": Case((6, 6, 3), lambda: [kl.DepthwiseConv2D(3, depth_multiplier=2)],
                                "[conv2d: {out_channels: 6, kernel_size: 3, groups: 3}]"),
    "separable": Case((6, 6, 3), lambda: [kl.SeparableConv2D(5, 3, depth_multiplier=2)],
                      "[separable_conv2d: {out_channels: 5, kernel_size: 3, depth_multiplier: 2}]"),
    "flattened image": Case((4, 5, 3), lambda: [kl.Conv2D(2, 1), kl.Flatten(), kl.Dropout(0.5),
                                                kl.BatchNormalization(), kl.Dense(6)],
                            "[conv2d: {out_channels: 2, kernel_size: 1}, flatten, dropout: 0.5, "
                            "batch_norm: {eps: 1e-3}, linear: 6]"),
    "flattened signal": Case((6, 3), lambda: [kl.Conv1D(4, 3), kl.ReLU(), kl.Flatten(),
                                              kl.Dense(2)],
                             "[conv1d: {out_channels: 4, kernel_size: 3}, relu, flatten, "
                             "linear: 2]"),
    "flattened sequence": Case((6, 3), lambda: [kl.LSTM(4, return_sequences=True), kl.Flatten(),
                                                kl.Dense(2)],
                               "[lstm: {hidden_size: 4, num_biases: 1}, flatten, linear: 2]"),
    "image from features": Case((7,), lambda: [kl.Dense(24), kl.ReLU(), kl.Reshape((3, 4, 2)),
                                               kl.Conv2D(3, 2)],
                                "[linear: 24, relu, reshape: [2, 3, 4], "
                                "conv2d: {out_channels: 3, kernel_size: 2}]"),
    "dense on images": Case((4, 5, 3), lambda: [kl.Dense(2)],
                            "[conv2d: {out_channels: 2, kernel_size: 1}]"),
    "dense on sequences": Case((4, 3), lambda: [kl.Dense(2)], "[linear: 2]"),
    "lstm": Case((5, 3), lambda: [kl.LSTM(4)],
                 "[lstm: {hidden_size: 4, num_biases: 1, return_sequences: false}]"),
    "lstm of two biases": Case((5, 3), lambda: [kl.LSTM(4)],
                               "[lstm: {hidden_size: 4, return_sequences: false}]"),
    "gru": Case((5, 3), lambda: [kl.GRU(4)], "[gru: {hidden_size: 4, return_sequences: false}]"),
    "gru of the paper": Case((5, 3), lambda: [kl.GRU(4, reset_after=False)],
                             "[gru: {hidden_size: 4, num_biases: 1, reset_after: false, "
                             "return_sequences: false}]"),
    "rnn": Case((5, 3), lambda: [kl.SimpleRNN(4, return_sequences=True)],
                "[rnn: {hidden_size: 4, num_biases: 1}]"),
    "both directions": Case((5, 3), lambda: [kl.Bidirectional(kl.GRU(4, return_sequences=True))],
                            "[gru: {hidden_size: 4, bidirectional: true}]"),
    "embedding": Case((5,), lambda: [kl.Embedding(7, 3), kl.Dense(2)],
                      "[embedding: {num_embeddings: 7, embedding_dim: 3}, linear: 2]", "int64"),
    "layer norm": Case((5, 3), lambda: [kl.LayerNormalization()], "[layer_norm: {eps: 1e-3}]"),
    "prelu": Case((4, 5, 3), lambda: [kl.PReLU(shared_axes=[1, 2])],
                  "[prelu: {num_parameters: channels}]"),
    "norm without scale": Case((4, 5, 3), lambda: [kl.BatchNormalization(scale=False)],
                               "[batch_norm: {eps: 1e-3, scale: false}]"),
    "norm without shift": Case((4, 5, 3), lambda: [kl.BatchNormalization(center=False)],
                               "[batch_norm: {eps: 1e-3, center: false}]"),
}  # fmt: skip


def keras_model(case: Case) -> Any:  # noqa: ANN401 - Keras's
    model = keras.Sequential([keras.Input(case.shape, dtype=case.dtype), *case.theirs()])
    set_random_weights(model)
    return model


def graph_of(case: Case) -> Graph:
    shape = [case.shape[-1], *case.shape[:-1]] if len(case.shape) > 2 else [*case.shape]
    if "conv1d" in case.ours:
        shape.reverse()
    text = f"name: net\ninputs: {{x: {{shape: {shape}, dtype: {case.dtype}}}}}\n"
    return compile_text(f"{text}layers: {case.ours}\n", "net.yaml").graph


def moved(array: np.ndarray, *, back: bool, signal: bool) -> np.ndarray:
    """Returns a batch with its channels moved from the end, or back to it, if it has such."""
    if array.ndim < 4 and not (signal and array.ndim == 3):
        return array
    return np.ascontiguousarray(np.moveaxis(array, 1, -1) if back else np.moveaxis(array, -1, 1))


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("ending", ["keras", "weights.h5", "h5"])
def test_a_layer_of_keras_gives_the_same(name: str, ending: str, tmp_path: Path) -> None:
    case = CASES[name]
    model, graph = keras_model(case), graph_of(case)
    generator = np.random.default_rng(2)
    example = generator.integers(0, 5, (2, *case.shape)).astype(case.dtype)
    save(model, tmp_path / f"net.{ending}")
    weights = import_weights(graph, tmp_path / f"net.{ending}").weights
    counters = {k: v for k, v in random_weights(graph).items() if k.endswith("batches_tracked")}
    signal = "conv1d" in case.ours
    inputs = {"x": moved(example, back=False, signal=signal)}
    (given,) = run_torch(graph, weights | counters, inputs).values()
    expected = model(example, training=False).detach().numpy()
    assert difference(expected, moved(given, back=True, signal=signal)) <= 1e-5


NESTED = Case(
    (4,),
    lambda: [keras.Sequential([kl.Dense(4), kl.Dense(4)]), kl.Dense(4)],
    "[linear: 4, linear: 4, linear: 4]",
)


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_the_layers_of_models_within_models_are_found(ending: str, tmp_path: Path) -> None:
    model, graph = keras_model(NESTED), graph_of(NESTED)
    save(model, tmp_path / f"net.{ending}")
    weights = import_weights(graph, tmp_path / f"net.{ending}").weights
    for name, kernel in zip(["linear", "linear_2", "linear_3"], model.weights[::2], strict=True):
        assert np.array_equal(weights[f"{name}.weight"], kernel.value.detach().numpy().T)


def test_the_order_of_models_within_models_is_not_in_every_file(tmp_path: Path) -> None:
    save(keras_model(NESTED), tmp_path / "net.weights.h5")
    with pytest.raises(UndecidedError, match="are not decided"):
        import_weights(graph_of(NESTED), tmp_path / "net.weights.h5")


def test_attention_gives_the_same(tmp_path: Path) -> None:
    x = keras.Input((5, 6))
    model = keras.Model(x, kl.MultiHeadAttention(2, 3)(x, x))
    set_random_weights(model)
    save(model, tmp_path / "net.keras")
    graph = compile_text(
        "name: net\ninputs: {x: [5, 6]}\nlayers: [multi_head_attention: 2]\n", "net.yaml"
    ).graph
    weights = import_weights(graph, tmp_path / "net.keras").weights
    example = np.random.default_rng(0).normal(size=(2, 5, 6)).astype(np.float32)
    (given,) = run_torch(graph, weights, {"x": example}).values()
    assert difference(model(example, training=False).detach().numpy(), given) <= 1e-5


def test_another_epsilon_is_refused_and_another_momentum_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    model = keras.Sequential([keras.Input((3,)), kl.BatchNormalization()])
    save(model, Path("net.keras"))
    spec = "name: net\ninputs: {x: [3]}\nlayers: [batch_norm: {eps: %s}]\n"
    Path("net.yaml").write_text(spec % "1e-5")
    assert main(["weights", "import", "net.keras", "--to", "net.yaml"]) == 1
    said = capsys.readouterr().err
    assert "eps is 0.001 in net.keras, but 1e-05 in the spec: batch_norm" in said
    assert "write `eps: 0.001` in the layer, or in `defaults`" in said
    Path("net.yaml").write_text(spec % "1e-3")
    assert main(["weights", "import", "net.keras", "--to", "net.yaml"]) == 0
    said = capsys.readouterr().err
    assert "note: momentum is 0.01 in net.keras, but 0.1 in the spec: batch_norm" in said


def test_another_kind_of_gru_is_refused(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((5, 3)), kl.GRU(4, reset_after=False, use_bias=False)])
    save(model, tmp_path / "net.keras")
    text = "name: net\ninputs: {x: [5, 3]}\nlayers: [gru: {hidden_size: 4, bias: false}]\n"
    with pytest.raises(MisfitError, match="reset_after is false in"):
        import_weights(compile_text(text, "net.yaml").graph, tmp_path / "net.keras")


def test_features_that_cannot_be_followed_are_refused(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((4, 5, 3)), kl.Flatten(), kl.Reshape((60,)), kl.Dense(2)])
    save(model, tmp_path / "net.keras")
    text = "name: net\ninputs: {x: [3, 4, 5]}\nlayers: [permute: [3, 2, 1], flatten, linear: 2]\n"
    with pytest.raises(MisfitError, match="in which order Keras has the features of linear"):
        import_weights(compile_text(text, "net.yaml").graph, tmp_path / "net.keras")


@pytest.mark.parametrize("ending", ["keras", "h5", "weights.h5"])
def test_damaged_files_are_refused(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"net.{ending}"
    save(keras_model(CASES["conv2d"]), path)
    content = path.read_bytes()
    for size in (9, len(content) // 2, len(content) - 300):
        path.write_bytes(content[:size])
        with pytest.raises(WeightsError):
            import_weights(graph_of(CASES["conv2d"]), path)


def test_a_file_of_the_first_keras_is_read(tmp_path: Path) -> None:
    """Its names were `block1_conv1_W_1:0`, as in the weights of VGG that Keras still offers."""
    kernel = np.random.default_rng(0).normal(size=(3, 2, 3, 4)).astype(np.float32)
    with h5py.File(tmp_path / "old.h5", "w") as file:
        file.attrs["layer_names"] = [b"input_1", b"block1_conv1"]
        file.create_group("input_1").attrs["weight_names"] = []
        group = file.create_group("block1_conv1")
        group.attrs["weight_names"] = [b"block1_conv1_W_1:0", b"block1_conv1_b_1:0"]
        group["block1_conv1_W_1:0"], group["block1_conv1_b_1:0"] = kernel, np.ones(4, np.float32)
    weights = import_weights(graph_of(CASES["conv2d"]), tmp_path / "old.h5").weights
    assert np.array_equal(weights["conv2d.weight"], kernel.transpose(3, 2, 0, 1))
