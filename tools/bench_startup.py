"""How long `archspec check` takes, against merely importing yaml and pydantic.

    .venv/bin/python tools/bench_startup.py [SPEC ...]

Times whole processes, alternating, from compiled byte code as pip installs it, and prints
the medians and their ratio. The budget is 2.
"""

from __future__ import annotations

import compileall
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
FLOOR = [sys.executable, "-c", "import yaml, pydantic; pydantic.BaseModel"]
RUNS = 21


def main(specs: list[str]) -> None:
    """Prints a line for each spec."""
    compileall.compile_dir(ROOT / "archspec", quiet=2)
    archspec = str(Path(sys.executable).with_name("archspec"))
    print(f"{'spec':24} {'floor ms':>9} {'check ms':>9} {'ratio':>6}")
    for spec in specs or ["googlenet", "resnet", "lenet5", "iris"]:
        floor, check = [], []
        for _ in range(RUNS):
            floor.append(seconds(FLOOR))
            check.append(seconds([archspec, "check", spec]))
        low, high = statistics.median(floor), statistics.median(check)
        print(f"{spec:24} {low * 1000:9.0f} {high * 1000:9.0f} {high / low:6.2f}")


def seconds(command: list[str]) -> float:
    """Returns the wall time of a process."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - start


if __name__ == "__main__":
    main(sys.argv[1:])
