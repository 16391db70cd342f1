"""Trains networks side by side with a loop written by hand, and with Keras on PyTorch.

    .venv/bin/python tools/bench_training.py [--rounds N] [--threads N] [NETWORK …]

The networks are LeNet-5 for 28×28 pixels, ResNet-18 for 32×32, and MobileNetV2. Each way to train
is a process of its own that waits while another runs; in turn each trains an epoch, on the same
examples, with the same batches, in single precision, with Adam. An epoch is all that happens from
its first batch to that of the next: with archspec it is that of `archspec train`, with its metrics,
logs, gradient norms, progress and checkpoints; the loop by hand adds up loss and accuracy; Keras's
`fit` has the metric `accuracy`. The first epochs, in which things are compiled, do not count.
Printed are images per second (the median) and the median ratio of neighbouring epochs, with an
interval of 95 %.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import numpy as np
from side_by_side import median_ratio
from training_networks import NETWORKS

WARM_UP = 2
"""Epochs of each that do not count."""

COMPARISONS = (
    ("archspec", "by hand", 0.98),
    ("archspec, compiled", "by hand", 1.0),
    ("archspec, compiled", "by hand, compiled", None),
    ("archspec", "keras", 1.3),
)
"""Which is to be how many times as fast as which."""

Wait = Callable[[], None]


def data(network: str) -> tuple[np.ndarray, np.ndarray]:
    """Returns examples `[count, *shape]` and their classes; what they are is all one for speed."""
    made = NETWORKS[network]
    generator = np.random.default_rng(0)
    count = made.batch * made.steps
    inputs = generator.normal(size=(count, *made.shape)).astype(np.float32)
    return inputs, generator.integers(0, 10, count)


def run_by_hand(network: str, epochs: int, wait: Wait, *, compiled: bool = False) -> int:
    """Trains with a loop as people write it, and returns how many parameters there are."""
    import torch
    from torch.nn.functional import cross_entropy

    inputs, targets = (torch.from_numpy(array) for array in data(network))
    made = NETWORKS[network]
    model = made.by_hand().train()
    forward = torch.compile(model) if compiled else model
    optimizer = torch.optim.Adam(model.parameters())
    for _ in range(epochs):
        wait()
        total, right = torch.zeros(()), torch.zeros(())
        for indices in torch.split(torch.randperm(len(inputs)), made.batch):
            optimizer.zero_grad()
            scores = forward(inputs[indices])
            loss = cross_entropy(scores, targets[indices])
            torch.autograd.backward(loss)
            optimizer.step()
            total += loss.detach()
            right += (scores.argmax(1) == targets[indices]).sum()
        print(float(total), float(right))
    wait()
    return sum(weight.numel() for weight in model.parameters())


def run_archspec(network: str, epochs: int, wait: Wait, *, compiled: bool = False) -> int:
    """Trains as `archspec train` does, and returns how many parameters there are."""
    from lightning import Callback, Trainer

    from archspec.frontend import compile_text
    from archspec.ir.totals import totals
    from archspec.training.loop import trainer
    from archspec.training.run import train

    class Turns(Callback):
        def on_train_epoch_start(self, *_: object) -> None:
            wait()

        def on_train_end(self, *_: object) -> None:
            wait()

    class TakingTurns(Trainer):
        def __init__(self, *, callbacks: list[Callback], **options: Any) -> None:  # noqa: ANN401
            super().__init__(callbacks=[*callbacks, Turns()], **options)

    made = NETWORKS[network]
    inputs, targets = data(network)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "data.npz"
        # The one example of the test split is beyond the epoch's.
        np.savez(file, x=np.concatenate([inputs, inputs[:1]]), y=np.append(targets, 0))
        text = (
            made.spec
            + f"""\
train:
  data: {{npz: {file}, split: {{test: 1, stratify: false}}}}
  batch_size: {made.batch}
  epochs: {epochs}
  compile: {str(compiled).lower()}
"""
        )
        result = compile_text(text, str(Path(folder) / "spec.yaml"))
        assert result.train is not None
        # What it prints as progress would count the time of the others.
        with patch.object(trainer, "Trainer", TakingTurns), redirect_stderr(StringIO()):
            train(result.graph, result.train, result.resolved, output=Path(folder) / "run")
    return int(totals(result.graph).params)


def run_keras(network: str, epochs: int, wait: Wait) -> int:
    """Trains with Keras's `fit`, and returns how many parameters there are."""
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    class Turns(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_begin(self, *_: object) -> None:
            wait()

        def on_train_end(self, *_: object) -> None:
            wait()

    made = NETWORKS[network]
    inputs, targets = data(network)
    model = made.in_keras()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    channels_last = np.ascontiguousarray(np.moveaxis(inputs, 1, -1))
    model.fit(
        channels_last, targets, made.batch, epochs, verbose=0, callbacks=[Turns()], shuffle=True
    )
    return int(sum(np.prod(weight.shape) for weight in model.trainable_weights))


WAYS: Mapping[str, Callable[[str, int, Wait], int]] = {
    "by hand": run_by_hand,
    "by hand, compiled": lambda *args: run_by_hand(*args, compiled=True),
    "archspec": run_archspec,
    "archspec, compiled": lambda *args: run_archspec(*args, compiled=True),
    "keras": run_keras,
}
"""The ways to train by name."""


def work(way: str, network: str, epochs: int, threads: int) -> None:
    """Trains in this process: tells the other one when an epoch may begin, and waits for it."""
    import torch

    torch.set_num_threads(threads)
    talk = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

    def wait() -> None:
        talk.write("ready\n")
        sys.stdin.readline()

    talk.write(f"{WAYS[way](network, epochs, wait)}\n")


class Worker:
    """A process that trains an epoch whenever it is told to."""

    def __init__(self, way: str, network: str, epochs: int, threads: int) -> None:
        environment = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}
        arguments = ["--way", way, "--epochs", str(epochs), "--threads", str(threads), network]
        self._process = subprocess.Popen(
            [sys.executable, __file__, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self._wait()

    def epoch(self) -> float:
        """Trains an epoch and returns how many seconds it took."""
        start = time.perf_counter()
        self._tell()
        self._wait()
        return time.perf_counter() - start

    def end(self) -> int:
        """Lets it end, and returns how many parameters its network has."""
        self._tell()
        assert self._process.stdout is not None
        made = self._process.stdout.readline()
        self._process.wait()
        return int(made)

    def _tell(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def _wait(self) -> None:
        assert self._process.stdout is not None
        if self._process.stdout.readline() != "ready\n":
            raise SystemExit("a process ended too soon")


def compare(network: str, rounds: int, threads: int) -> None:
    """Trains a network in all ways in turn, and prints how fast each is."""
    epochs = WARM_UP + rounds
    workers = {way: Worker(way, network, epochs, threads) for way in WAYS}
    names, seconds = [*WAYS], {way: list[float]() for way in WAYS}
    for turn in range(epochs):
        first = turn % len(names)
        for way in names[first:] + names[:first]:
            seconds[way].append(workers[way].epoch())
    counts = {way: worker.end() for way, worker in workers.items()}
    if len({*counts.values()}) > 1:
        raise SystemExit(f"these are not the same networks: {counts}")
    made = NETWORKS[network]
    print(
        f"\n{network}: {counts['by hand']:,} parameters, batches of {made.batch}, {rounds} rounds"
    )
    for way, taken in seconds.items():
        print(f"  {way:<20}{made.batch * made.steps / median(taken[WARM_UP:]):>10,.0f} images/s")
    for ours, theirs, goal in COMPARISONS:
        ratio = median_ratio(seconds[theirs][WARM_UP:], seconds[ours][WARM_UP:])
        wanted = "" if goal is None else f", to be at least {goal}"
        print(f"  {ours} / {theirs}: {ratio}{wanted}", flush=True)


def main() -> None:
    """Compares the networks that are named, or trains one in one way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=", ".join(NETWORKS))
    parser.add_argument("--rounds", type=int, default=30, help="epochs of each that count")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--epochs", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.way:
        work(args.way, args.networks[0], args.epochs, args.threads)
        return
    for network in args.networks or NETWORKS:
        compare(network, args.rounds, args.threads)


if __name__ == "__main__":
    main()
