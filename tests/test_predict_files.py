"""`archspec predict` on many files, some of which are no pictures, or not what the model takes."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image
from predicting import exported, predict

from archspec.training.prediction.given import Batch, GivenArrays, batches

BRIGHT = """
name: bright
inputs: {image: [1, H, 4]}
layers: [global_avg_pool2d, linear: {name: scores, out_features: 2}]
train:
  data: {npz: none.npz, classes: [dark, bright], preprocess: [rescale: 0.00392156862745098]}
  epochs: 1
"""
"""Takes pictures that are 4 pixels wide."""


@pytest.fixture(scope="module")
def bright(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bright")
    return exported(folder, BRIGHT, scores__weight=[[-9], [9]], scores__bias=[4.5, -4.5])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three good pictures in directories of classes, and of bad ones a broken and a wide one."""
    for name, colour, width in (
        ("dark/1", 0, 4), ("dark/2", 255, 4), ("bright/1", 255, 4), ("bright/wide", 255, 5)
    ):  # fmt: skip
        path = tmp_path / "in" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (width, 3), colour).save(path)
    broken = tmp_path / "in" / "dark" / "broken.png"
    Image.effect_noise((40, 40), 50).save(broken)
    broken.write_bytes(broken.read_bytes()[:500])
    return tmp_path / "in"


def test_the_others_are_predicted_and_the_bad_ones_named(
    bright: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = predict(capsys, bright, folder, "--batch-size", 2)
    assert code == 1
    assert out.splitlines()[0] == f"{folder}: 2 of 3 correct (66.67%), 2 skipped"
    assert [line.split()[0] for line in out.splitlines()[3:]] == ["0", "2", "3"]
    assert [line for line in err.splitlines() if line.startswith("skipped: ")] == [
        f"skipped: {folder}/bright/wide.png: it gives 1×3×5, but the model takes image: 1×H×4",
        f"skipped: {folder}/dark/broken.png is not a whole image",
    ]


def test_programs_are_told_what_was_skipped(
    bright: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = predict(capsys, bright, folder, "--format", "json")
    made = json.loads(out)
    assert (code, made["examples"], made["correct"]) == (1, 3, 2)
    good = [str(folder / name) for name in ("bright/1.png", "dark/1.png", "dark/2.png")]
    assert [row["file"] for row in made["predictions"]] == good
    assert [(row["index"], Path(row["file"]).name) for row in made["skipped"]] == [
        (1, "wide.png"), (4, "broken.png")
    ]  # fmt: skip
    assert "is not a whole image" in made["skipped"][1]["reason"]
    code, out, _ = predict(capsys, bright, folder, "--as", "numbers", "--format", "csv")
    assert (code, [row["file"] for row in csv.DictReader(io.StringIO(out))]) == (1, good)
    weights = bright.parent / "weights.pt"
    arguments = ["-o", tmp_path / "all.npz", "--grid", tmp_path / "grid.png", "--weights", weights]
    code, out, _ = predict(capsys, bright, folder, *arguments)
    assert (code, "in PyTorch: 66.67%, outputs differ by" in out) == (1, True)
    archive = np.load(tmp_path / "all.npz")
    assert (archive["output"].shape, archive["files"].tolist()) == ((3, 2), good)
    assert f"{tmp_path / 'grid.png'}: a grid of 3 images" in out


def test_where_all_are_bad_there_is_nothing_but_the_reasons(
    bright: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(12):
        (tmp_path / f"{number:02}.png").write_text("no picture")
    code, out, err = predict(capsys, bright, tmp_path, "--format", "json")
    assert (code, out) == (3, "")
    lines = err.splitlines()
    assert lines[0] == f"skipped: {tmp_path / '00.png'} is not an image that Pillow can read"
    assert lines[10:12] == [
        "skipped: 2 more; --format json names all of them",
        "error: none of the 12 images could be used",
    ]
    code, out, err = predict(capsys, bright, tmp_path / "00.png")
    assert (code, out) == (3, "")
    assert (
        err.splitlines()[0] == f"error: {tmp_path / '00.png'} is not an image that Pillow can read"
    )


def test_pictures_of_other_colours_than_the_steps_are_for_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = """
name: free
inputs: {image: [C, 2, 2]}
layers: [square]
train: {data: {npz: x.npz, preprocess: [normalize: {mean: [1, 2, 3], std: [1, 1, 1]}]}, epochs: 1}
"""
    model = exported(tmp_path, text)
    for name, mode in (("grey", "L"), ("red", "RGB")):
        Image.new(mode, (2, 2)).save(tmp_path / f"{name}.png")
    images = [tmp_path / "grey.png", tmp_path / "red.png"]
    code, _, err = predict(capsys, model, *images, "-o", tmp_path / "out.npz")
    assert (code, f"skipped: {images[0]}: `normalize` has 3 values for mean" in err) == (1, True)
    assert np.load(tmp_path / "out.npz")["files"].tolist() == [str(images[1])]


def test_animations_are_told(
    bright: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frames = [Image.new("L", (4, 4), colour) for colour in (255, 0)]
    for name in ("a", "b"):
        frames[0].save(tmp_path / f"{name}.gif", save_all=True, append_images=frames[1:])
    code, out, err = predict(capsys, bright, tmp_path, "--format", "json")
    assert {row["prediction"] for row in json.loads(out)["predictions"]} == {"bright"}
    told = f"note: of {tmp_path / 'a.gif'} and 1 other the first picture is taken"
    assert (code, told in err) == (0, True)


def test_only_our_message_is_on_stderr_where_onnx_runtime_fails(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A model of another program, whose sizes are only found out to be wrong when it runs."""
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 1, "h", "w"])
    made = helper.make_tensor_value_info("made", TensorProto.FLOAT, ["n", 16])
    shape = helper.make_tensor("shape", TensorProto.INT64, [2], [-1, 16])
    node = helper.make_node("Reshape", ["pixels", "shape"], ["made"])
    graph = helper.make_graph([node], "rows", [pixels], [made], [shape])
    opsets = [helper.make_opsetid("", 20)]
    model = tmp_path / "rows.onnx"
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), model)
    for name, size in (("good", 4), ("bad", 5)):
        Image.new("L", (size, size)).save(tmp_path / f"{name}.png")
    images = [tmp_path / "good.png", tmp_path / "bad.png"]
    code, _, err = predict(capfd, model, *images, "--as", "numbers")
    assert code == 1
    note, skipped = err.splitlines()
    assert note.startswith("note: the model says nothing of preprocessing")
    assert skipped.startswith(f"skipped: {images[1]}: ONNX Runtime cannot run the model")


class Sized(GivenArrays):
    """Examples of the sizes that their only input holds."""

    def example(self, at: int) -> dict[str, np.ndarray]:
        return {"x": np.zeros(int(self.inputs["x"][at]), np.float32)}


def _batches(sizes: list[int], most: int) -> list[Batch]:
    number = len(sizes)
    given = Sized("x", np.arange(number), {"x": np.array(sizes)}, np.full(number, -1))
    return list(batches(given, most, lambda at, why: pytest.fail(f"{at}: {why}")))


def test_examples_of_all_sizes_come_once_in_batches_of_one_size() -> None:
    sizes = [int(size) for size in np.random.default_rng(0).integers(1, 9, 200)]
    made = _batches(sizes, 16)
    assert sorted(at for batch in made for at in batch.places) == list(range(200))
    for batch in made:
        assert batch.inputs["x"].shape == (len(batch.places), sizes[batch.places[0]])
        assert len(batch.places) <= 16
    assert [len(batch.places) for batch in _batches([5] * 40, 16)] == [16, 16, 8]


def test_large_examples_come_in_small_batches() -> None:
    """128 MB of them, of which no more than 64 MiB wait at once, and one more."""
    made = _batches([4_000_000] * 8, 64)
    assert [len(batch.places) for batch in made] == [5, 3]
    assert len(_batches(list(range(1, 100)), 10)) > 9  # nothing waits for the end


WITHOUT = """
import sys
for name in {missing}:
    sys.modules[name] = None
from archspec.cli import main
sys.exit(main(sys.argv[1:]))
"""


def without(missing: list[str], *arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs `archspec predict` where some libraries are not installed."""
    command = [
        sys.executable,
        "-c",
        WITHOUT.format(missing=missing),
        "predict",
        *map(str, arguments),
    ]
    return subprocess.run(command, capture_output=True, text=True)


def test_pictures_need_no_pytorch(bright: Path, folder: Path, tmp_path: Path) -> None:
    image = folder / "bright" / "1.png"
    made = without(["torch", "sklearn", "lightning", "onnx"], bright, image, "--format", "csv",
                   "--grid", tmp_path / "grid.png", "-o", tmp_path / "all.npz")  # fmt: skip
    assert made.stdout == f"index,file,truth,prediction,probability\n0,{image},,bright,0.999877\n"
    assert (made.returncode, made.stderr) == (0, "")
    np.save(tmp_path / "x.npy", np.zeros((1, 1, 4, 4)))
    for missing, arguments, extra in (
        ("torch", [image, "--weights", "x"], "torch"),
        ("torch", [tmp_path / "x.npy"], "torch"),
        ("onnxruntime", [image], "onnx"),
        ("PIL", [image], "onnx"),
    ):
        made = without([missing], bright, *arguments)
        assert (made.returncode, made.stdout) == (3, "")
        assert f"error: {missing} is not installed" in made.stderr
        assert f"pip install 'archspec-nn[{extra}]'" in made.stderr


LITTLE_MEMORY = """
import resource, sys
from pathlib import Path
import numpy as np
from archspec.backends.onnx_model import OnnxModel
model = OnnxModel(Path(sys.argv[1]))
image = np.zeros((1, 3, 3000, 3000), np.float32)
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + image.nbytes // 2,) * 2)
try:
    model.run({"image": image})
except MemoryError:
    print("too little")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and limits memory")
def test_onnx_runtime_s_lack_of_memory_is_one(tmp_path: Path) -> None:
    model = exported(tmp_path, "name: a\ninputs: {image: [3, H, W]}\nlayers: [square]\n")
    command = [sys.executable, "-c", LITTLE_MEMORY, str(model)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("too little\n", "")
