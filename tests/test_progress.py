"""Progress: a bar that fits its terminal, and plain lines where there is none."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import termios
from contextlib import redirect_stderr
from pathlib import Path
from threading import Thread

import pytest
from runs import trained


def on_terminal(columns: int, output: Path, **settings: object) -> str:
    """Returns all that a run writes to a terminal of that width."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    shown = bytearray()
    reader = Thread(target=_read, args=(ours, shown))
    reader.start()
    with os.fdopen(theirs, "w", encoding="utf-8") as terminal, redirect_stderr(terminal):
        trained("iris", output, **{"epochs": 3, "data__split__validation": 0.2, **settings})
    reader.join()
    os.close(ours)
    return shown.decode()


def _read(terminal: int, shown: bytearray) -> None:
    while True:
        try:
            shown += os.read(terminal, 65536)
        except OSError:  # Linux's way to say that the other side is closed
            return


@pytest.mark.parametrize(
    ("columns", "last"),
    [
        (110, r"epoch 3/3 +\S+ +100%  loss \S+  accuracy \S+%  validation loss \S+  accuracy \S+%"),
        (30, r"epoch 3/3 +\S+ +100%"),
    ],
)
def test_a_bar_is_one_line_that_fits(tmp_path: Path, columns: int, last: str) -> None:
    line, *rest = on_terminal(columns, tmp_path / "run").split("\n")
    assert rest == ["testing on 45 examples\r", ""]
    pictures = [picture for picture in line.split("\r") if picture]
    assert len(pictures) > 1
    assert all(len(picture) < columns for picture in pictures)
    assert re.match(last, pictures[-1])


def test_lines_say_how_fast_it_goes_and_how_long_it_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained("lenet5", tmp_path / "run", epochs=2)
    first, second, last = capsys.readouterr().err.splitlines()
    numbers = r"loss \S+  accuracy \S+%  validation loss \S+  accuracy \S+%  [\d,]+ images/s"
    assert re.fullmatch(rf"epoch 1/2  {numbers}  \d\d:\d\d left", first)
    assert re.fullmatch(rf"epoch 2/2  {numbers}", second)
    assert last == "testing on 360 examples"


def test_a_run_of_many_epochs_prints_about_ten_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained("iris", tmp_path / "run", epochs=25)
    *lines, _ = capsys.readouterr().err.splitlines()
    counters = [line.split()[1] for line in lines]
    assert counters == [f"{epoch}/25" for epoch in (3, 6, 9, 12, 15, 18, 21, 24, 25)]


PHASES = [{"epochs": 3}, {"epochs": 2, "lr": 0.01}]


def test_epochs_of_phases_are_counted_to_the_end_of_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained("iris", tmp_path / "run", epochs=5, phases=PHASES)
    lines = [line for line in capsys.readouterr().err.splitlines() if "epoch" in line]
    assert [line.split()[3] for line in lines] == [f"{epoch}/5" for epoch in range(1, 6)]
    assert [line.endswith(" left in this phase") for line in lines] == [True, True] + 3 * [False]
    assert lines[3].endswith(" left")


def test_the_bar_of_a_phase_ends_where_the_next_one_begins(tmp_path: Path) -> None:
    lines = on_terminal(110, tmp_path / "run", epochs=5, phases=PHASES).split("\n")
    first, second = (line.split("\r") for line in lines if "epoch" in line)
    assert re.match(r"phase 1/2 epoch 3/5 \S+ +60%", first[-2])
    assert re.match(r"phase 2/2 epoch 5/5 \S+ +100%", second[-2])


def test_a_phase_that_ends_early_makes_the_run_shorter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing_helps = {"patience": 1, "min_delta": 100}
    trained("iris", tmp_path / "run", epochs=5, phases=PHASES, early_stopping=nothing_helps)
    lines = [line for line in capsys.readouterr().err.splitlines() if "epoch" in line]
    assert [line.split()[3] for line in lines] == ["1/5", "2/5", "3/4", "4/4"]
