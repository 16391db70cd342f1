"""The topic on how large a spec may be."""

from __future__ import annotations

from collections.abc import Mapping

from archspec.frontend.limits import LIMITS, Limits, flag
from archspec.frontend.topics.model import Topic

LIMITED: Mapping[str, Topic] = {
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
    )
}
"""Topics by name."""
