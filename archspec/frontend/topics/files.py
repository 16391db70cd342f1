"""Topics: specs that are put together from several files."""

from __future__ import annotations

from collections.abc import Mapping

from archspec.frontend.library_schema import Library
from archspec.frontend.link import MERGED, OWN
from archspec.frontend.topics.flow import keys
from archspec.frontend.topics.model import Topic, fields_of

_LIBRARY = """\
defaults: {batch_norm: {eps: 1e-3}}
blocks:
  conv_bn:
    params: {out: int, kernel: 3}
    layers:
      - conv2d: {out_channels: =out, kernel_size: =kernel, padding: same, bias: false}
      - batch_norm
      - relu
"""

FILES: Mapping[str, Topic] = {
    "use": Topic(
        "another spec as a layer",
        "`use: resnet` expands a whole spec where it stands, a shipped one by its name or a file "
        "by its path: `use: ../backbones/tiny.yaml`. What flows in fills its inputs in order; its "
        "outputs flow on. `until` cuts it after one of its layers, to put other layers on a "
        "known backbone. Its auxiliary heads are left out.",
        """\
name: segmenter
inputs: {image: [3, 64, 64]}
layers:
  - use: {name: backbone, spec: resnet, variant: resnet18, until: stage4}
  - conv2d: {out_channels: 21, kernel_size: 1}
  - upsample: {scale_factor: 32, mode: bilinear}
""",
        tables=keys("use"),
        words=("backbone",),
    ),
    "files": Topic(
        "specs in several files",
        "`include: blocks.yaml`, or a list of paths, makes the blocks of other files callable; "
        "they see their own file's parameters and defaults. `extends: base.yaml`, or {spec: "
        f"base.yaml, variant: small}}, starts from another spec: {', '.join(MERGED)} are merged "
        "key by key, all else is replaced, and "
        f"{', '.join(key for key in OWN if key != 'extends')} are not taken over. "
        "`use` makes a layer of a spec.\n\n"
        "Paths are relative to the file that they stand in. A name without a folder or ending is a "
        "shipped spec (`archspec list`). Files outside of the project are read with "
        "--allow-outside only.",
        """\
name: with_blocks
include: blocks.yaml
inputs: {image: [3, 32, 32]}
layers:
  - conv_bn: {name: stem, out: 16}
  - conv_bn: 32
  - global_avg_pool2d
""",
        tables={"keys of an included file": fields_of(Library)},
        words=("include", "includes", "library"),
        files={"blocks.yaml": _LIBRARY},
    ),
    "extends": Topic(
        "a spec that changes another",
        "`extends: base.yaml`, or {spec: base.yaml, variant: small}, takes over all that another "
        f"spec says. {', '.join(MERGED)} are merged key by key (see `files`); what else is said "
        "here replaces what is said there. Inside of `variants`, `extends` names another variant "
        "of the file.",
        """\
name: ten_classes
extends: {spec: base.yaml, variant: small}
params: {classes: 10}
""",
        words=("base",),
        files={
            "base.yaml": """\
name: base
params: {classes: 1000, width: 256}
inputs: {x: [64]}
layers: [linear: =width, relu, linear: =classes]
variants: {small: {width: 32}}
"""
        },
    ),
}
"""Topics by name."""
