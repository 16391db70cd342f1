"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
import platform
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from archspec.backends.whole_file import folder_beside, staged, write_whole


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """Makes every write beyond `size` bytes fail, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_an_old_file_is_replaced_not_written_over(tmp_path: Path) -> None:
    file, opened = tmp_path / "file", tmp_path / "opened"
    write_whole(file, b"old")
    opened.hardlink_to(file)
    write_whole(file, b"new")
    assert (file.read_bytes(), opened.read_bytes()) == (b"new", b"old")
    assert sorted(tmp_path.iterdir()) == [file, opened]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"old")
    with no_file_beyond(1000), pytest.raises(OSError) as error:
        write_whole(file, b"new" * 1000)
    assert error.value.errno == errno.EFBIG
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("name", ["folder", "missing/file"])
def test_what_cannot_be_a_file_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError):
        write_whole(tmp_path / name, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_what_is_no_regular_file_is_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="not a regular file"):
        write_whole(pipe, b"new")
    assert pipe.is_fifo()


def test_what_a_link_leads_to_is_written(tmp_path: Path) -> None:
    file, link, dangling = tmp_path / "file", tmp_path / "link", tmp_path / "dangling"
    file.write_bytes(b"old")
    link.symlink_to("file")
    dangling.symlink_to("new")
    write_whole(link, b"new")
    write_whole(dangling, b"made")
    assert (file.read_bytes(), (tmp_path / "new").read_bytes()) == (b"new", b"made")
    assert link.is_symlink()
    assert dangling.is_symlink()


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.symlink_to(two)
    two.symlink_to(one)
    with pytest.raises(OSError, match="not a regular file"):
        write_whole(one, b"new")
    assert sorted(tmp_path.iterdir()) == [one, two]


def test_what_killed_processes_left_behind_goes(tmp_path: Path) -> None:
    target = tmp_path / "net[1].onnx"
    killed = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"],
                            capture_output=True, text=True, check=True)  # fmt: skip
    with folder_beside(target) as ours:
        name = ours.name.replace(f".{os.getpid()}.", f".{int(killed.stdout)}.")
        left = tmp_path / name
        others = [tmp_path / name.replace(*change) for change in (("net[1]", "net1"),
                  (platform.node(), f"{platform.node()}x"), (".onnx.", ".onnx.data."))]  # fmt: skip
        for folder in (left, *others):
            folder.mkdir()
            (folder / "part").write_bytes(b"part")
        with staged(target) as part:
            part.write_bytes(b"new")
            assert not left.exists()
        assert ours.exists()
        assert all(folder.exists() for folder in others)
    assert sorted(tmp_path.iterdir()) == sorted([target, *others])
