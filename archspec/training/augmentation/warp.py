"""Rotation, shift, shear and zoom as one motion of the pixels, so that they are mixed once.

The matrices are those of Keras's `apply_affine_transform`, and what lies outside of an image
is that of SciPy's `affine_transform`, which Keras calls. Coordinates are pixels, x to the right
and y down, from the middle of the image.
"""

from __future__ import annotations

from typing import NamedTuple, Self

import torch
from torch.nn import functional

from archspec.frontend.train_schema import Augment

EDGE = 1e-3
"""How far outside of an image, in pixels, is still its edge: more than what is rounded."""


class Motion(NamedTuple):
    """Where the pixels of each image come from: its own rotation, shift, shear and zoom.

    Attributes:
        angle: Rotations in radians, `[count]`.
        right: Shifts of the place that is read to the right, in pixels.
        down: The same downwards.
        shear: Angles of shear in radians.
        wide: Factors of the width that is seen: above 1, the image gets narrower.
        high: The same for the height.
    """

    angle: torch.Tensor
    right: torch.Tensor
    down: torch.Tensor
    shear: torch.Tensor
    wide: torch.Tensor
    high: torch.Tensor

    @classmethod
    def drawn(cls, spec: Augment, images: torch.Tensor) -> Self | None:
        """Returns a motion for each image, drawn evenly from the ranges; `None` if all are 0."""
        lower, upper = zoom_limits(spec)
        shifts = (spec.width_shift_range, spec.height_shift_range)
        if not any((spec.rotation_range, *shifts, spec.shear_range, lower != 1, upper != 1)):
            return None
        height, width = images.shape[2:]
        right, down = (
            range_ * size if range_ < 1 else range_
            for range_, size in zip(shifts, (width, height), strict=True)
        )
        limits = torch.tensor(
            [
                *((-r, r) for r in (spec.rotation_range, right, down, spec.shear_range)),
                (lower, upper),
                (lower, upper),
            ],
            device=images.device,
        )
        least, most = limits.unsqueeze(1).unbind(-1)
        angle, right_, down_, shear, wide, high = torch.lerp(
            least, most, torch.rand(len(limits), len(images), device=images.device)
        )
        return cls(angle.deg2rad(), right_, down_, shear.deg2rad(), wide, high)

    def matrices(self) -> torch.Tensor:
        """Returns `[count, 2, 3]`: rotation · shift · shear · zoom."""
        cos, sin = self.angle.cos(), self.angle.sin()
        lean, keep = -self.shear.sin(), self.shear.cos()
        rows = (
            (cos * self.wide, (cos * lean - sin * keep) * self.high,
             cos * self.right - sin * self.down),
            (sin * self.wide, (sin * lean + cos * keep) * self.high,
             sin * self.right + cos * self.down),
        )  # fmt: skip
        return torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2)


def zoom_limits(spec: Augment) -> tuple[float, float]:
    """Returns the lower and the upper factor of zoom."""
    zoom = spec.zoom_range
    return (zoom[0], zoom[1]) if isinstance(zoom, list) else (1 - zoom, 1 + zoom)


def warped(
    images: torch.Tensor, motion: Motion, fill_mode: str, cval: float, interpolation: str
) -> torch.Tensor:
    """Returns images `[count, C, H, W]`, each moved by its own motion.

    Args:
        images: The images.
        motion: What moves them.
        fill_mode: What is outside: `nearest`, `constant`, `reflect` or `wrap`, as in SciPy.
        cval: The value outside for `constant`.
        interpolation: `bilinear` or `nearest`.
    """
    sizes = images.new_tensor([images.shape[3], images.shape[2]])
    places = _places(images, motion.matrices().to(images.dtype)) + (sizes - 1) / 2
    outside = ((places < -EDGE) | (places > sizes - 1 + EDGE)) if fill_mode != "reflect" else None
    if outside is not None and fill_mode == "wrap":  # SciPy's repeats all but the last pixel
        places = torch.where(outside, places.remainder((sizes - 1).clamp(min=1)), places)
    made = functional.grid_sample(
        images,
        (2 * places + 1) / sizes - 1,
        mode=interpolation,
        padding_mode="reflection" if fill_mode == "reflect" else "border",
        align_corners=False,
    )
    if outside is not None and fill_mode == "constant":
        return made.masked_fill(outside.any(-1).unsqueeze(1), cval)
    return made


def _places(images: torch.Tensor, matrices: torch.Tensor) -> torch.Tensor:
    """Returns from where each pixel is read, `[count, H, W, 2]`, x and y from the middle."""
    count, _, height, width = images.shape
    x, y = (
        torch.arange(size, device=images.device, dtype=images.dtype) - (size - 1) / 2
        for size in (width, height)
    )
    grid = torch.stack([x.expand(height, width), y.unsqueeze(1).expand(height, width)], dim=-1)
    return torch.baddbmm(
        matrices[:, None, :, 2],
        grid.reshape(1, -1, 2).expand(count, -1, -1),
        matrices[..., :2].transpose(1, 2),
    ).reshape(count, height, width, 2)
