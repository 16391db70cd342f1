"""What an ONNX file is made of: one message, and a second file beside it for large weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from execution import difference, random_inputs, random_weights, run_onnx, run_torch
from networks import branching
from onnx import helper, numpy_helper
from test_whole_file import no_file_beyond

from archspec.backends.onnx import export, files, model_of, write
from archspec.backends.onnx.files import ALIGNMENT, replacing

GRAPH = branching()
WEIGHTS = random_weights(GRAPH)
METADATA = {"archspec.name": "branching", "empty": "", "long": "é" * 300}


@pytest.fixture
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 1000)


def exported(folder: Path) -> Path:
    file = folder / "net.onnx"
    export(GRAPH, WEIGHTS, file, metadata=METADATA)
    return file


def test_a_file_is_the_model_as_protobuf_reads_it(tmp_path: Path) -> None:
    model = model_of(GRAPH, WEIGHTS, metadata=METADATA)
    assert onnx.load(exported(tmp_path)) == model
    again = tmp_path / "again.onnx"
    write(model, again)
    assert again.read_bytes() == (tmp_path / "net.onnx").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.onnx", "net.onnx"]


def test_values_of_every_kind_and_shape_are_kept(tmp_path: Path) -> None:
    arrays: dict[str, np.ndarray] = {
        "scalar": np.array(1.5, np.float32),
        "empty": np.zeros((0, 3), np.float32),
        "half": np.arange(6, dtype=np.float16).reshape(2, 3),
        "whole": np.arange(300, dtype=np.int64),
        "bytes": np.arange(4, dtype=np.uint8),
    }
    graph = onnx.GraphProto(name="constants")
    graph.initializer.extend(numpy_helper.from_array(a, name) for name, a in arrays.items())
    graph.initializer.append(helper.make_tensor("listed", onnx.TensorProto.FLOAT, [2], [1.0, 2.0]))
    model = helper.make_model(graph)
    write(model, tmp_path / "net.onnx")
    read = onnx.load(tmp_path / "net.onnx").graph.initializer
    made = {array.name: numpy_helper.to_array(array) for array in read}
    expected = {a.name: numpy_helper.to_array(a) for a in model.graph.initializer}
    assert made.keys() == expected.keys() == {*arrays, "listed"}
    for name, array in expected.items():
        assert (made[name].dtype, made[name].shape) == (array.dtype, array.shape)
        assert np.array_equal(made[name], array)


@pytest.mark.usefixtures("small_files")
def test_large_weights_are_in_a_file_beside_it(tmp_path: Path) -> None:
    file, data = exported(tmp_path), tmp_path / "net.onnx.data"
    assert sorted(tmp_path.iterdir()) == [file, data]
    inputs = random_inputs(GRAPH, {"batch": 3})
    expected, made = run_torch(GRAPH, WEIGHTS, inputs), run_onnx(file, inputs)
    assert difference(expected["logits"], made["logits"]) <= 1e-5
    onnx.checker.check_model(file, full_check=True)
    read = onnx.load(file)
    values = {array.name: numpy_helper.to_array(array) for array in read.graph.initializer}
    whole = model_of(GRAPH, WEIGHTS, metadata=METADATA)
    for array in whole.graph.initializer:
        assert np.array_equal(values.pop(array.name), numpy_helper.to_array(array))
    assert not values
    assert [node.name for node in read.graph.node] == [node.name for node in whole.graph.node]
    assert {p.key: p.value for p in read.metadata_props} == METADATA


@pytest.mark.usefixtures("small_files")
def test_weights_beside_a_file_begin_where_a_page_does(tmp_path: Path) -> None:
    model = onnx.load(exported(tmp_path), load_external_data=False)
    outside = [array for array in model.graph.initializer if array.external_data]
    places = [{entry.key: entry.value for entry in array.external_data} for array in outside]
    assert len(places) > 1
    assert {place["location"] for place in places} == {"net.onnx.data"}
    assert not [place for place in places if int(place["offset"]) % ALIGNMENT]
    assert all(array.raw_data for array in model.graph.initializer if array not in outside)


@pytest.mark.usefixtures("small_files")
def test_a_model_that_is_given_is_left_as_it_is(tmp_path: Path) -> None:
    model = model_of(GRAPH, WEIGHTS, metadata={})
    before = model.SerializeToString(deterministic=True)
    write(model, tmp_path / "net.onnx")
    assert model.SerializeToString(deterministic=True) == before


@pytest.mark.usefixtures("small_files")
@pytest.mark.parametrize("name", ["net.onnx", "net.onnx.data"])
def test_neither_file_is_replaced_where_one_cannot_be_written(name: str, tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"old")
    (tmp_path / "net.onnx.data").write_bytes(b"old")
    limit = 2000 if name == "net.onnx.data" else 20_000
    metadata = {"large": "x" * 30_000} if name == "net.onnx" else {}
    with no_file_beyond(limit), pytest.raises(OSError):
        export(GRAPH, WEIGHTS, tmp_path / "net.onnx", metadata=metadata)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old", b"old"]


@pytest.mark.usefixtures("small_files")
def test_weights_are_beside_the_file_that_a_link_leads_to(tmp_path: Path) -> None:
    folder, link = tmp_path / "models", tmp_path / "link.onnx"
    folder.mkdir()
    link.symlink_to(folder / "net.onnx")
    export(GRAPH, WEIGHTS, link, metadata={})
    assert link.is_symlink()
    assert sorted(path.name for path in folder.iterdir()) == ["net.onnx", "net.onnx.data"]
    inputs = random_inputs(GRAPH, {"batch": 1})
    assert run_onnx(folder / "net.onnx", inputs).keys() == {"logits"}


def test_a_smaller_model_takes_the_second_file_of_the_old_one_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, data = tmp_path / "net.onnx", tmp_path / "net.onnx.data"
    for limit, left in ((1000, [file, data]), (1000, [file, data]), (2**30, [file])):
        monkeypatch.setattr(files, "MAX_BYTES", limit)
        with replacing(file) as part:
            export(GRAPH, WEIGHTS, part, metadata=METADATA)
        assert sorted(tmp_path.iterdir()) == left
        run_onnx(file, random_inputs(GRAPH, {"batch": 1}))


@pytest.mark.parametrize("old", [b"no model", None])
def test_a_second_file_of_somebody_else_stays(old: bytes | None, tmp_path: Path) -> None:
    file, data = tmp_path / "net.onnx", tmp_path / "net.onnx.data"
    data.write_bytes(b"mine")
    if old is None:
        exported(tmp_path)  # which names no other file
    else:
        file.write_bytes(old)
    with replacing(file) as part:
        export(GRAPH, WEIGHTS, part, metadata={})
    assert data.read_bytes() == b"mine"


@pytest.mark.usefixtures("small_files")
def test_what_is_not_proved_leaves_both_old_files(tmp_path: Path) -> None:
    exported(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "net.onnx") as part:
        export(GRAPH, random_weights(GRAPH, 1), part, metadata={})
        raise ZeroDivisionError
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
