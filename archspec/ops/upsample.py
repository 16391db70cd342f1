"""Resizing by repetition or interpolation."""

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal, Self, TypeAlias, TypeVar

from pydantic import Field, model_validator

from archspec.ir.dim import Size
from archspec.ir.interval import ANY, Interval
from archspec.ir.lowering import Constant, Input, OnnxNode, TorchLowering, TorchModule
from archspec.ir.op import Example, Operator, OperatorError
from archspec.ir.types import TensorType
from archspec.ops.base.window import PerAxis

Scale: TypeAlias = Annotated[float, Field(gt=0, le=32)]
"""A factor of a size. Beyond 32, torch repeats some values one time less than others."""

Value = TypeVar("Value")

FINEST = 256
"""A scale is a multiple of one part in so many."""

_INTERPOLATION = {1: ("linear",), 2: ("bilinear", "bicubic"), 3: ("trilinear",)}
"""The modes that interpolate, by the number of axes."""

_CORNERS = {False: "half_pixel", True: "align_corners"}
"""What ONNX calls `align_corners`."""


class Upsample(Operator):
    """Enlarges or shrinks all axes but the channels, as `torch.nn.Upsample` does.

    Takes `[C, L]`, `[C, H, W]` or `[C, D, H, W]`. `nearest` repeats values, the other modes
    interpolate between them.
    """

    primary: ClassVar[str] = "scale_factor"
    shape_rule: ClassVar[str] = (
        "[C, H, W] → [C, H', W'] with H' = floor(H * scale_factor), or [H', W'] = size"
    )
    keras_names: ClassVar[tuple[str, ...]] = ("UpSampling1D", "UpSampling2D", "UpSampling3D")
    keras_fields: ClassVar[Mapping[str, str]] = {
        "size": "scale_factor",
        "interpolation": "mode",
    }
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"scale_factor": 2.0}, ((3, "H", "W"),)),
        Example({"scale_factor": (0.5, 3.0)}, ((2, "H", "W"),)),
        Example({"size": (7, 20)}, ((2, "H", "W"),)),
        Example({"scale_factor": 2.0, "mode": "bilinear"}, ((3, "H", "W"),)),
        Example({"scale_factor": 1.5, "mode": "bicubic"}, ((3, "H", "W"),)),
        Example({"size": 9, "mode": "bilinear", "align_corners": True}, ((2, 4, 5),)),
        Example({"size": 9, "mode": "bicubic", "align_corners": True}, ((2, "H", "W"),)),
        Example({"scale_factor": 3.0}, ((2, "T"),)),
        Example({"scale_factor": 2.5, "mode": "linear"}, ((2, "T"),)),
        Example({"scale_factor": 2.0}, ((2, "D", 3, 4),)),
        Example(
            {"scale_factor": 2.0, "mode": "trilinear", "align_corners": True}, ((2, "D", 3, 4),)
        ),
    )

    scale_factor: Scale | tuple[Scale, ...] | None = Field(
        default=None,
        description="factor of the sizes, for all axes or for each: with nearest a whole number "
        "or 0.5, 0.25, ..., else a multiple of 1/256; at most 32",
    )
    size: PerAxis | None = Field(
        default=None, description="the new size instead, for all axes or for each"
    )
    mode: Literal["nearest", "linear", "bilinear", "bicubic", "trilinear"] = Field(
        default="nearest",
        description="how values in between are made; linear is for one axis, bilinear and "
        "bicubic for two, trilinear for three",
    )
    align_corners: bool | None = Field(
        default=None,
        description="whether the centres of the corner pixels stay at the corners, rather than "
        "their outer edges (the default); not with nearest",
    )

    @model_validator(mode="after")
    def _is_sayable(self) -> Self:
        if (self.scale_factor is None) == (self.size is None):
            raise ValueError("upsample takes either scale_factor or size")
        if self.align_corners is not None and self.mode == "nearest":
            raise ValueError("align_corners is for modes that interpolate, not for nearest")
        for scale in _for_each(self.scale_factor, 1):
            _check_scale(scale, self.mode)
        return self

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns `[C, sizes]`.

        Raises:
            OperatorError: The mode or a list is for another number of axes.
        """
        self._check_axes(inputs[0])
        channels, *sizes = inputs[0].example
        scales = _for_each(self.scale_factor, len(sizes))
        made = map(_scaled, sizes, scales) if scales else _for_each(self.size, len(sizes))
        return inputs[0].with_example(channels, *made)

    def interval_of(self, *inputs: Interval) -> Interval:
        """Returns that values stay where they are, unless cubic curves overshoot."""
        return ANY if self.mode == "bicubic" else inputs[0]

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.nn.Upsample`."""
        return TorchModule("torch.nn.Upsample", self.model_dump())

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Resize`, which finds the place that a value comes from as torch does."""
        axes = tuple(range(2, len(inputs[0].shape)))
        attributes: dict[str, object] = {
            "mode": "nearest",
            "nearest_mode": "floor",
            "coordinate_transformation_mode": "asymmetric",
        }
        if self.mode != "nearest":
            attributes = {
                "mode": "cubic" if self.mode == "bicubic" else "linear",
                "cubic_coeff_a": -0.75,
                "coordinate_transformation_mode": _CORNERS[bool(self.align_corners)],
            }
        if self.scale_factor is None:
            sizes = Constant(_for_each(self.size, len(axes)), "int64")
            return [OnnxNode("Resize", [Input(0), None, None, sizes], attributes | {"axes": axes})]
        scales = Constant((1, 1, *_for_each(self.scale_factor, len(axes))), "float32")
        return [OnnxNode("Resize", [Input(0), None, scales], attributes)]

    def summary(self) -> str:
        """Returns the factor or the new size."""
        factors = "×".join(f"{scale:g}" for scale in _for_each(self.scale_factor, 1))
        return f"×{factors}" if factors else "to " + "×".join(map(str, _for_each(self.size, 1)))

    def _check_axes(self, type_: TensorType) -> None:
        axes = len(type_.example) - 1
        if axes not in _INTERPOLATION:
            raise OperatorError(
                f"upsample takes one to three axes besides the channels, but its input is {type_}",
                help="give it [channels, length], [channels, height, width] or "
                "[channels, depth, height, width]",
            )
        if self.mode not in ("nearest", *_INTERPOLATION[axes]):
            raise OperatorError(
                f"mode: {self.mode} is not for an input of {type_}",
                help=f"use mode: {' or '.join(_INTERPOLATION[axes])}, or nearest",
            )
        for name, value in (("scale_factor", self.scale_factor), ("size", self.size)):
            if isinstance(value, tuple) and len(value) != axes:
                raise OperatorError(
                    f"{name} has {len(value)} values, but the input is {type_}",
                    help=f"give one value, or {axes}: one for each axis but the channels",
                )


def _for_each(value: Value | tuple[Value, ...] | None, axes: int) -> tuple[Value, ...]:
    """Returns the value for each axis; nothing if there is none."""
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,) * axes


def _check_scale(scale: float, mode: str) -> None:
    """Refuses scales for which torch and ONNX round differently.

    Raises:
        ValueError: Sizes, or which neighbour is nearest, would depend on rounding.
    """
    numerator, denominator = scale.as_integer_ratio()
    if mode == "nearest" and 1 not in (numerator, denominator):
        raise ValueError(
            f"scale_factor {scale} is neither a whole number nor 0.5, 0.25, ..., as nearest needs: "
            "choose another mode, or give the size instead"
        )
    if denominator > FINEST:
        raise ValueError(
            f"scale_factor {scale} is not a multiple of 1/{FINEST}, so the size would depend on "
            "rounding: give the size instead"
        )


def _scaled(size: Size, scale: float) -> Size:
    numerator, denominator = scale.as_integer_ratio()
    return size * numerator // denominator
