"""`archspec predict` on images, directories, arrays and stdin, by models of every kind."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper
from PIL import Image
from predicting import exported, give_stdin, pets_model, picture, predict
from scipy import ndimage

from archspec.backends.fitted_step import unlearnt
from archspec.backends.onnx.preprocessing import Layout, embed_preprocessing
from archspec.frontend.train_schema import Step

AGES = "name: ages\ninputs: {x: [2]}\nlayers: [linear: {name: age, out_features: 1}]\n"
PAIR = """
name: pair
inputs: {left: [2], right: [2]}
layers:
  - subtract: {from: [left, right]}
  - linear: {name: out, out_features: 1}
"""
SOBEL = """
name: sobel
inputs: {image: [1, H, W]}
layers: [filter2d: {name: edges, kernel: [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], padding: same}]
"""
MEDIAN = """
name: median
inputs: {image: [3, H, W]}
layers: [median_pool2d: {kernel_size: 3, stride: 1}]
"""


@pytest.fixture(scope="module")
def pets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pets_model(tmp_path_factory.mktemp("pets"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory for each class; one of the four images is in the wrong one."""
    for name, bright in (("고양이/1", 0), ("고양이/2", 0), ("강아지/1", 1), ("토끼/1", 0)):
        picture(tmp_path / "pets" / f"{name}.png", bright)
    return tmp_path / "pets"


def said(text: str) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(text, parse_constant=pytest.fail)
    return made


def test_directories_tell_the_truth(
    pets: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = predict(capsys, pets, folder, "--format", "json")
    made = said(out)
    assert (code, made["correct"], made["accuracy"]) == (0, 3, 0.75)
    assert [(row["file"], row["truth"], row["prediction"]) for row in made["predictions"]] == [
        (str(folder / "강아지" / "1.png"), "강아지", "강아지"),
        (str(folder / "고양이" / "1.png"), "고양이", "고양이"),
        (str(folder / "고양이" / "2.png"), "고양이", "고양이"),
        (str(folder / "토끼" / "1.png"), "토끼", "고양이"),
    ]
    likely = np.exp(4) / (np.exp(4) + 2)
    assert all(r["probability"] == pytest.approx(likely, abs=1e-6) for r in made["predictions"])
    lines = predict(capsys, pets, folder, "--format", "table").out.splitlines()
    assert lines[0] == f"{folder}: 3 of 4 correct (75.00%)"
    assert [line.endswith("  wrong") for line in lines[3:]] == [False, False, False, True]


def test_directories_that_are_no_classes_tell_nothing(
    pets: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "토끼").rename(folder / "rabbit")
    code, out, err = predict(capsys, pets, folder, "--format", "json")
    assert (code, said(out)["correct"]) == (0, None)
    assert "note: rabbit is no class" in err


def test_a_row_for_each_example_and_rank(
    pets: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = picture(folder / "x.png", 1), picture(folder / "y.jpg.png", 2)
    # Options may stand between the inputs.
    _, out, _ = predict(capsys, pets, one, "--top", 2, two, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert list(rows[0]) == ["index", "file", "truth", "rank", "prediction", "probability"]
    assert [(r["index"], r["file"], r["rank"]) for r in rows] == [
        ("0", str(one), "1"), ("0", str(one), "2"), ("1", str(two), "1"), ("1", str(two), "2")
    ]  # fmt: skip
    assert [r["prediction"] for r in rows[::2]] == ["강아지", "토끼"]
    assert all(float(a["probability"]) > float(b["probability"])
               for a, b in zip(rows[::2], rows[1::2], strict=True))  # fmt: skip
    made = said(predict(capsys, pets, one, "--top", 9, "--format", "json").out)
    ranks = made["predictions"][0]["top"]
    assert len(ranks) == 3
    assert sum(rank["probability"] for rank in ranks) == pytest.approx(1, abs=2e-6)


@pytest.mark.parametrize("suffix", [".png", ".npy", ".npz"])
def test_stdin_is_what_it_holds(
    suffix: str, pets: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    path = tmp_path / f"given{suffix}"
    pixels = np.array([[[0, 0], [255, 0]]], np.uint8)
    if suffix == ".png":
        picture(path, 2)
    elif suffix == ".npy":
        np.save(path, pixels)
    else:
        np.savez(path, image=pixels, y=[2])  # by the name of the input
    give_stdin(monkeypatch, path.read_bytes())
    code, out, _ = predict(capsys, pets, "-", "--format", "json")
    made = said(out)
    assert (code, [row["prediction"] for row in made["predictions"]]) == (0, ["토끼"])
    assert made["predictions"][0]["truth"] == ("토끼" if suffix == ".npz" else None)


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
def test_a_model_with_its_preprocessing_says_the_same(
    layout: Layout, pets: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = unlearnt([Step.model_validate({"rescale": 0.00392156862745098})])
    embedded = tmp_path / "embedded.onnx"
    onnx.save(embed_preprocessing(onnx.load(pets), steps, layout=layout), embedded)
    pixels = np.array([[[9, 0], [255, 7]], [[1, 99], [2, 3]]], np.uint8)
    np.savez(tmp_path / "some.npz", x=pixels, y=[2, 0])
    for given in (folder, tmp_path / "some.npz"):
        there, here = (
            said(predict(capsys, model, given, "--format", "json").out)["predictions"]
            for model in (pets, embedded)
        )
        assert [r | {"probability": None} for r in there] == [
            r | {"probability": None} for r in here
        ]
        assert [r["probability"] for r in there] == pytest.approx(
            [r["probability"] for r in here], abs=2e-6
        )
    code, _, err = predict(capsys, embedded, folder, "--weights", pets.parent / "weights.pt")
    assert (code, "does its preprocessing itself" in err) == (2, True)


def test_the_network_is_compared_on_images_too(
    pets: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = pets.parent / "weights.pt"
    code, out, _ = predict(capsys, pets, folder, "--weights", weights, "--batch-size", 3)
    assert code == 0
    assert out.splitlines()[1].startswith(f"{weights} in PyTorch: 75.00%, outputs differ by")


def test_a_model_of_another_program_takes_images_and_arrays(
    pets: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = onnx.load(pets)
    del model.metadata_props[:]
    for info in (*model.graph.input, *model.graph.output):
        info.type.tensor_type.shape.dim[0].dim_value = 3  # a batch that is not free
    onnx.save(model, tmp_path / "bare.onnx")
    large = tmp_path / "large" / "x.png"
    large.parent.mkdir()
    Image.fromarray(np.repeat(np.repeat(np.array([[0, 255], [0, 0]], np.uint8), 9, 0), 9, 1)).save(
        large
    )
    code, out, err = predict(capsys, tmp_path / "bare.onnx", large, "--format", "json")
    assert (code, said(out)["predictions"][0]["prediction"]) == (0, "1")
    assert "says nothing of preprocessing, so pixels go in as 0 to 255" in err
    assert "images of other sizes are resized to 2×2" in err
    np.save(tmp_path / "x.npy", np.eye(4, dtype=np.float32)[[0, 1, 2, 2]].reshape(4, 2, 2))
    made = said(predict(capsys, tmp_path / "bare.onnx", tmp_path / "x.npy", "--format", "json").out)
    assert [row["prediction"] for row in made["predictions"]] == ["0", "1", "2", "2"]
    code, _, err = predict(capsys, tmp_path / "bare.onnx", folder)
    assert "the classes are taken to be 강아지 to 토끼" in err
    code, _, err = predict(capsys, tmp_path / "bare.onnx", large, "--weights", "run")
    assert (code, "carries no spec" in err) == (2, True)


def test_a_model_of_another_program_may_have_its_channels_last(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It makes a mean of each colour."""
    image = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 7, 5, 3])
    made = helper.make_tensor_value_info("mean", TensorProto.FLOAT, ["n", 3])
    axes = helper.make_tensor("axes", TensorProto.INT64, [2], [1, 2])
    node = helper.make_node("ReduceMean", ["pixels", "axes"], ["mean"], keepdims=0)
    graph = helper.make_graph([node], "colours", [image], [made], [axes])
    opsets = [helper.make_opsetid("", 20)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), tmp_path / "c.onnx")
    Image.new("RGB", (5, 7), (10, 20, 60)).save(tmp_path / "x.png")
    arguments = [tmp_path / "c.onnx", tmp_path / "x.png", "--as", "numbers", "--format", "json"]
    (row,) = said(predict(capsys, *arguments).out)["predictions"]
    assert row["mean"] == pytest.approx([10, 20, 60])


def test_numbers_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = exported(tmp_path, AGES, age__weight=[[2, 1]], age__bias=[0.5])
    np.savez(tmp_path / "x.npz", x=[[1, 2], [3, 4]], weight=[0.1, 0.2])
    _, out, _ = predict(capsys, model, tmp_path / "x.npz")
    assert [line.split() for line in out.splitlines()[2:]] == [
        ["index", "output"], ["0", "4.5"], ["1", "10.5"]
    ]  # fmt: skip
    _, out, _ = predict(capsys, model, tmp_path / "x.npz", "--format", "csv")
    assert out == "index,output\n0,4.5\n1,10.5\n"
    _, out, _ = predict(capsys, model, tmp_path / "x.npz", "--format", "json")
    assert [row["output"] for row in said(out)["predictions"]] == [[4.5], [10.5]]


def test_scores_are_numbers_where_the_user_says_so(
    pets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = picture(tmp_path / "x.png", 1)
    _, out, _ = predict(capsys, pets, image, "--as", "numbers", "--format", "csv")
    assert out == f"index,file,output.0,output.1,output.2\n0,{image},0.0,4.0,0.0\n"


def test_several_inputs_come_by_their_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = exported(tmp_path, PAIR, out__weight=[[1, 10]], out__bias=[0])
    given = tmp_path / "pairs.npz"
    np.savez(given, right=[[1, 1], [0, 2]], left=[[3, 3], [0, 1]])
    _, out, _ = predict(capsys, model, given, "--format", "csv")
    assert out == "index,output\n0,22.0\n1,-10.0\n"
    for arrays, message in (
        ({"left": [[1, 1]], "rite": [[1, 1]]}, "has no right; it holds left, rite"),
        ({"left": [[1, 1]], "right": [[1, 1], [2, 2]]}, "different numbers of examples: 1 of left"),
        ({"left": [[1, 1]], "right": [[1, 1, 1]]}, "gives 2 and 3, but the model takes left: 2"),
        ({"left": [["a", "b"]], "right": [[1, 1]]}, "left in pairs.npz holds no examples made"),
    ):
        np.savez(given, **arrays)
        code, out, err = predict(capsys, model, given)
        assert (code, out) == (1, "")
        assert message in err
    code, _, err = predict(capsys, model, picture(tmp_path / "x.png"))
    assert (code, "images do not say which is which" in err) == (2, True)


def test_filters_write_images_called_as_the_inputs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = exported(tmp_path, SOBEL)
    generator = np.random.default_rng(0)
    # Two of one size, one of another: batched by size.
    for name, size in (("a/x", (9, 7)), ("b/x", (5, 6)), ("b/y", (9, 7))):
        path = tmp_path / "in" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 60, size).astype(np.uint8)).save(path)
    code, out, err = predict(capsys, model, tmp_path / "in", "-o", tmp_path / "out")
    assert (code, out.splitlines()[-1]) == (0, f"{tmp_path / 'out'}: 3 images")
    assert "of an image's values are below black or above white" in err
    for name in ("a/x", "b/x", "b/y"):
        given = np.asarray(Image.open(tmp_path / "in" / f"{name}.png")).astype(float)
        expected = ndimage.sobel(given, axis=1, mode="constant").clip(0, 255)
        assert np.array_equal(np.asarray(Image.open(tmp_path / "out" / f"{name}.png")), expected)
    code, _, err = predict(capsys, model, tmp_path / "out", "-o", tmp_path / "out")
    assert (code, "would replace the input" in err) == (2, True)
    code, _, err = predict(capsys, model, tmp_path / "in")
    assert (code, "name it: -o DIR" in err) == (2, True)
    code, _, err = predict(capsys, model, tmp_path / "in", "-o", model)
    assert (code, f"{model} is a file, but images go into a directory" in err) == (2, True)


def test_two_inputs_of_one_name_make_two_images(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = exported(tmp_path, MEDIAN)
    given = np.random.default_rng(0).integers(0, 256, (8, 9, 3)).astype(np.uint8)
    for name in ("x.png", "x.bmp"):
        Image.fromarray(given).save(tmp_path / name)
    images = [tmp_path / "x.png", tmp_path / "x.bmp"]
    assert predict(capsys, model, *images, "-o", tmp_path / "out").code == 0
    expected = np.stack([ndimage.median_filter(given[..., c], 3) for c in range(3)], -1)[1:-1, 1:-1]
    for name in ("x.png", "x-2.png"):
        assert np.array_equal(np.asarray(Image.open(tmp_path / "out" / name)), expected)


def test_all_outputs_go_into_a_file(
    pets: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = predict(capsys, pets, folder, "-o", tmp_path / "out.npz", "--batch-size", 3)
    assert (code, out.splitlines()[-1]) == (0, f"{tmp_path / 'out.npz'}: output [4, 3]")
    made = np.load(tmp_path / "out.npz")
    assert made["output"].argmax(1).tolist() == [1, 0, 0, 0]
    assert made["files"].tolist() == [str(path) for path in sorted(folder.rglob("*.png"))]
    filters = exported(tmp_path, SOBEL)
    Image.fromarray(np.zeros((5, 5), np.uint8)).save(tmp_path / "x.png")
    code, _, err = predict(
        capsys, filters, tmp_path / "x.png", folder, "-o", tmp_path / "other.npz"
    )
    assert (code, "`output` differ in size: 1×5×5, but also 1×2×2" in err) == (1, True)
    assert not (tmp_path / "other.npz").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["missing.png"], 3, "cannot read missing.png: No such file"),
        (["missing.npz"], 3, "cannot read missing.npz: No such file"),
        (["x.npz", "x.png"], 2, "x.npz holds arrays, which are taken alone"),
        (["spec.txt"], 3, "spec.txt is not an image that Pillow can read"),
        (["empty"], 3, "empty holds no images"),
        (["-"], 2, "nothing came from stdin"),
        (["x.png", "-o", "out"], 2, "out is not an .npz file"),
        (["x.png", "-o", "out.csv"], 2, "`--format csv > out.csv` for predictions"),
        (["x.png", "-o", "nowhere/x.npz"], 3, "cannot write nowhere/x.npz: No such file"),
        (["x.png", "--grid", "nowhere/x.png"], 3, "cannot write nowhere/x.png: No such file"),
        (["x.png", "--grid", "x.abc"], 2, "x.abc is not the name of an image file"),
        (["x.png", "--grid", "x.png", "--limit", "0"], 2, "--limit 0 leaves no image for --grid"),
        (["x.png", "--grid", "x.h5"], 2, "x.h5 is not the name of an image file"),
        (["other.npz"], 1, "other.npz has no array x or image; it holds picture, y"),
        (["text.npz"], 1, "image in text.npz holds no examples made of numbers"),
        (["text.npy"], 1, "text.npy holds no examples made of numbers"),
        (["x.png", "--as", "images"], 2, "the output output, 3, is no image"),
        (["x.png", "--as", "arrays"], 2, "the output output, 3, is more than can be printed"),
        (["x.png", "--as", "numbers", "--top", "2"], 2, "--top is for classes"),
    ],
)
def test_what_cannot_be_done_is_told(
    arguments: list[str], code: int, message: str, pets: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    give_stdin(monkeypatch, b"")
    picture(Path("x.png"), 1)
    np.savez("x.npz", x=np.ones((1, 2, 2)))
    np.savez("other.npz", picture=np.ones((1, 2, 2)), y=[0])
    np.savez("text.npz", image=["a picture"])
    np.save("text.npy", ["a picture"])
    Path("spec.txt").write_text("no image")
    Path("empty").mkdir()
    made = predict(capsys, pets, *arguments)
    assert made[:2] == (code, "")
    assert message in made.err


@pytest.mark.parametrize("provider", ["cuda", "tensorrt", "openvino", "coreml"])
def test_a_provider_that_is_missing_is_told_with_its_package(
    provider: str, pets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = [name.lower() for name in onnxruntime.get_available_providers()]
    if any(name.startswith(provider) for name in there):
        pytest.skip("the provider is there")
    code, out, err = predict(capsys, pets, "--provider", provider)
    assert (code, out) == (3, "")
    assert f"has no {provider} provider" in err
    assert "or install onnxruntime" in err


def test_weights_beside_a_model_that_are_missing_are_told(
    pets: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model = onnx.load(pets)
    path = tmp_path / "split.onnx"
    onnx.save_model(
        model, path, save_as_external_data=True, location="split.data", size_threshold=0
    )
    image = picture(tmp_path / "x.png", 1)
    assert predict(capfd, path, image).code == 0
    (tmp_path / "split.data").unlink()
    code, out, err = predict(capfd, path, image)
    assert (code, out) == (2, "")
    assert "in a file of their own, cannot be read" in err
