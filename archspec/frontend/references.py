"""Which file `extends`, `include` and `use` mean by what they name."""

from pathlib import Path

from archspec.diagnostics import Span
from archspec.frontend.loader import Fault
from archspec.frontend.shipped import shipped_specs, shipped_variants, shortest
from archspec.frontend.suggest import did_you_mean
from archspec.frontend.tree import Scalar, Tree

ENDINGS = (".yaml", ".yml")

ROOT_MARKS = (".git", "pyproject.toml")
"""What the root of a project holds."""


def referred(reference: Tree, root: Path | None) -> str:
    """Returns the path of the file that a reference means.

    Args:
        reference: A path relative to the file that it stands in, or the name of a shipped spec.
        root: The folder that files may come from; `None` for any.

    Raises:
        Fault: It is neither, or means what may not be read.
    """
    text = reference.value if isinstance(reference, Scalar) else None
    if not isinstance(text, str) or not text or text.startswith("="):
        raise Fault("E103", "the path of a file, or the name of a shipped spec, is wanted here",
                    reference.span, "write it out, as in `use: resnet`")  # fmt: skip
    if "/" not in text and Path(text).suffix not in ENDINGS:
        return _shipped(text, reference.span)
    return shortest(named_file(text, reference.span, root))


def named_file(text: str, span: Span, root: Path | None) -> Path:
    """Returns the path of a file that a spec names.

    Args:
        text: The path, relative to the file that it stands in.
        span: Where it stands.
        root: The folder that files may come from; `None` for any.

    Raises:
        Fault: It may not be read.
    """
    path = Path(span.file).parent / text
    try:
        outside = root is not None and not path.resolve().is_relative_to(root)
        special = not outside and path.exists() and not path.is_file() and not path.is_dir()
    except (OSError, RuntimeError, ValueError):  # a loop of links, a name that no file can have
        raise Fault("E001", f"{text!r} is not the path of a file", span,
                    "a path is relative to the file that it stands in") from None  # fmt: skip
    if outside:
        raise Fault("E009", f"{text} is outside of the project {root}", span,
                    "move the file into it, or allow it with --allow-outside")  # fmt: skip
    if special:
        raise Fault("E001", f"{text} is a device or a pipe", span,
                    "write its text into a file")  # fmt: skip
    return path


def _shipped(name: str, span: Span) -> str:
    shipped = shipped_specs()
    if name in shipped:
        return shortest(shipped[name])
    variants = shipped_variants()
    help_ = did_you_mean(name, shipped, what="spec")
    if name in variants:
        help_ = f"it is a variant: write `{{spec: {variants[name][0]}, variant: {name}}}`"
    raise Fault("E001", f"no spec called `{name}` ships with archspec", span, help_)


def project_root(file: str) -> Path:
    """Returns the folder that a spec's files may come from.

    It is the nearest one above the spec that looks like a project's root, or the spec's own.
    """
    folder = Path(file).resolve().parent
    for above in (folder, *folder.parents):
        if any((above / mark).exists() for mark in ROOT_MARKS):
            return above
    return folder
