"""A process that trains together with this one and ends: an error of the environment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import distributed

from archspec.training.errors import DeviceError
from archspec.training.loop.lost_processes import lost_processes

OTHER = """
import os, sys, torch
from torch import distributed
distributed.init_process_group("gloo", init_method=sys.argv[1], rank=1, world_size=2)
distributed.all_reduce(torch.ones(1))
os._exit(9)
"""


def test_a_process_that_ends_is_an_error_of_the_environment(tmp_path: Path) -> None:
    place = (tmp_path / "store").as_uri()
    with subprocess.Popen([sys.executable, "-c", OTHER, place]) as other:
        distributed.init_process_group("gloo", init_method=place, rank=0, world_size=2)
        try:
            sum_ = torch.ones(1)
            distributed.all_reduce(sum_)
            assert sum_ == 2
            other.wait()
            with pytest.raises(DeviceError, match="has ended") as caught, lost_processes():
                distributed.all_reduce(torch.ones(1))
        finally:
            distributed.destroy_process_group()
    assert "--resume" in caught.value.help


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="sizes differ"), lost_processes():
        raise RuntimeError("sizes differ")
