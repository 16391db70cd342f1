"""Weights in safetensors files: what is read, and what is said of those that cannot be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from networks import branching
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_torch

from archspec.backends.fit import MisfitError, WeightsError, check_fits
from archspec.backends.tensor_file import read_tensors
from archspec.backends.torch import build
from archspec.backends.weights import load_weights, to_numpy


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "net.safetensors"


def test_what_torch_has_saved_is_read_as_it_is(path: Path) -> None:
    expected = build(branching()).state_dict()
    save_torch(expected, path)
    given = load_weights(path)
    assert given.keys() == expected.keys()
    assert all(torch.equal(given[name], tensor) for name, tensor in expected.items())
    check_fits(branching(), given)
    build(branching()).load_state_dict(given)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_all_floating_point_numbers_become_those_of_single_precision(
    dtype: torch.dtype, path: Path
) -> None:
    tensor = torch.tensor([[1.5, -2e-5, 0.0], [float("inf"), 3e4, 1 / 3]]).to(dtype)
    save_torch({"a": tensor, "none": torch.zeros(0, 3, dtype=dtype)}, path)
    given = read_tensors(path)
    assert given["a"].dtype == np.float32
    assert np.array_equal(given["a"], to_numpy({"a": tensor})["a"])
    assert given["none"].shape == (0, 3)


def test_the_suffix_may_be_of_any_case(tmp_path: Path) -> None:
    save_file({"a": np.ones(2, np.float32)}, tmp_path / "NET.SAFETENSORS")
    assert list(load_weights(tmp_path / "NET.SAFETENSORS")) == ["a"]


def test_a_run_directory_may_be_called_so(tmp_path: Path) -> None:
    folder = tmp_path / "run.safetensors"
    (folder / "checkpoints").mkdir(parents=True)
    torch.save({"state_dict": {"network.a": torch.ones(1)}}, folder / "checkpoints/last.ckpt")
    assert list(load_weights(folder)) == ["a"]


def test_missing_and_surplus_tensors_are_named(path: Path) -> None:
    weights = to_numpy(build(branching()).state_dict())
    bias = weights.pop("fc.bias")
    save_file(weights | {"fc.offset": bias, "fc.weight": weights["fc.weight"].T.copy()}, path)
    with pytest.raises(MisfitError) as error:
        check_fits(branching(), read_tensors(path))
    assert error.value.message == (
        "the weights are not those of branching: 1 missing (fc.bias); 1 unexpected (fc.offset); "
        "1 of another shape (fc.weight is [18, 5] instead of [5, 18])"
    )


@pytest.mark.parametrize(
    "dtype",
    [np.int64, np.int32, np.uint8, np.bool_, np.complex64],
    ids=lambda dtype: dtype.__name__,
)
def test_tensors_that_no_weight_can_be_are_named(dtype: type[np.generic], path: Path) -> None:
    save_file({"fc.weight": np.ones((2, 2), dtype)}, path)
    with pytest.raises(WeightsError, match=r"fc\.weight is a tensor of .*, which no weight can be"):
        load_weights(path)


def _truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def _lengthened(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"...")


def _of_huge_header(path: Path) -> None:
    path.write_bytes(b"\xff" * 8 + path.read_bytes()[8:])


def _overlapping(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"[24,32]", b"[20,28]"))


def _empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [_truncated, _lengthened, _of_huge_header, _overlapping, _empty])
def test_damaged_files_are_told(damage: object, path: Path) -> None:
    save_file({"a": np.ones(6, np.float32), "b": np.ones(2, np.float32)}, path)
    before = path.read_bytes()
    assert callable(damage)
    damage(path)
    assert path.read_bytes() != before
    with pytest.raises(WeightsError, match=r"net\.safetensors is damaged, or no safetensors file"):
        load_weights(path)


def test_a_missing_file_is_told(path: Path) -> None:
    with pytest.raises(WeightsError, match=r"cannot read .*net\.safetensors: No such file"):
        load_weights(path)


def test_they_are_read_without_torch(path: Path) -> None:
    save_file({"a": np.ones(2, np.float32)}, path)
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "from pathlib import Path\n"
        "from archspec.backends.tensor_file import read_tensors\n"
        f"print(read_tensors(Path({str(path)!r})))"
    )
    made = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert made.stdout == "{'a': array([1., 1.], dtype=float32)}\n"
