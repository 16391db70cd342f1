"""The topics on what `archspec check` says of a spec that is legal, and on how large it may be."""

from __future__ import annotations

from collections.abc import Mapping

from archspec.diagnostics.codes import CODES
from archspec.frontend.limits import LIMITS, Limits, flag
from archspec.frontend.topics.model import Topic

CHECKING: Mapping[str, Topic] = {
    "warnings": Topic(
        "what is legal but surely not meant",
        "A warning does not make a spec wrong: `archspec check` ends with 0 unless --strict is "
        "given. `archspec explain W204` says what is meant by one.\n\n"
        "A comment `# archspec: ignore[W204]` at the end of a line silences a warning that points "
        "at the line; in a block that may be where the layer is, or a call of the block. "
        "`# archspec: ignore-file[W204, W206]`, anywhere in a file, silences for all of it, and "
        "`--ignore W204` for a run.",
        """\
name: biased
inputs: {image: [3, 8, 8]}
layers:
  - conv2d: {out_channels: 8, kernel_size: 3} # archspec: ignore[W204]
  - batch_norm
""",
        tables={
            "warnings": {name: code.title for name, code in CODES.items() if name.startswith("W")}
        },
        words=("warning", "ignore", "ignore-file", "strict", "--strict", "--ignore"),
    ),
    "limits": Topic(
        "how large a spec may be",
        "Limits hold back what would fill the memory, or take minutes, for a few lines of text. "
        "Every command that reads a spec has a flag for each; numbers may have underscores. The "
        "message of a limit names its flag. In Python they are `limits=Limits(nodes=100_000)`.\n\n"
        "Some cannot be raised: a size of an input is at most 2,147,483,647 (PyTorch indexes with "
        "32 bits in places) and an input has at most 16 axes; a name has at most 80 characters and "
        "a name path 2,000, which every layer holds several times; a symbolic size in a formula "
        "is written with at most 400 characters and 12 factors, for products of sums grow very "
        "fast.",
        """\
name: large
inputs: {x: [8]}
layers:
  - softsign: {repeat: 20_000}
""",
        tables={
            "limits": {
                flag(
                    name
                ): f"{LIMITS[name].what}; {default:_} by default, {LIMITS[name].most:_} at "
                f"most; {LIMITS[name].why}"
                for name, default in Limits()._asdict().items()
            }
        },
        words=("limit", *map(flag, LIMITS)),
    ),
}
"""Topics by name."""
