"""Fields with one value for each axis, as windows that slide over an input have."""

from typing import Literal, TypeAlias

from archspec.ir.op import NonNegative, Positive

PerAxis: TypeAlias = Positive | tuple[Positive, ...]
"""One size for all axes, or one for each."""

Amounts: TypeAlias = NonNegative | tuple[NonNegative, ...]
"""One amount for all axes, or one for each."""

Padding: TypeAlias = Literal["same", "valid"] | Amounts
"""An amount on each side, `same` (`ceil(size / stride)` windows, as in TensorFlow) or `valid`."""

LAYOUTS = {
    1: "a sequence [channels, length]",
    2: "an image [channels, height, width]",
    3: "a volume [channels, depth, height, width]",
}
"""What an operator takes, by the number of axes that its window has."""


def per_axis(value: int | tuple[int, ...], axes: int) -> tuple[int, ...]:
    """Returns the value for each axis."""
    return (value,) * axes if isinstance(value, int) else value


def check_length(name: str | None, value: object, axes: int) -> None:
    """Refuses a list that does not have one value for each axis.

    Raises:
        ValueError: It has more or fewer.
    """
    if isinstance(value, tuple) and len(value) != axes:
        wanted = "one size" if axes == 1 else f"one size or {axes} of them"
        raise ValueError(f"{name} takes {wanted}, not {len(value)}")


def window_text(kernel: tuple[int, ...], stride: tuple[int, ...]) -> str:
    """Returns a window for a picture: `7×7 /2` is a 7×7 kernel with stride 2."""
    step = axes_text(stride)
    return "×".join(map(str, kernel)) + ("" if step == "1" else f" /{step}")


def axes_text(values: tuple[int, ...]) -> str:
    """Returns one value for each axis for a picture: a single one if all are the same."""
    return "×".join(map(str, values if len({*values}) > 1 else values[:1]))
