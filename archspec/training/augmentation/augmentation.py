"""All of a spec's augmentation, in the order in which it stands there."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from archspec.frontend.train_schema import Augment
from archspec.ir.types import shape_text
from archspec.nn.random_crop import RandomCrop
from archspec.nn.random_flip import RandomFlip
from archspec.training.augmentation.mixing import Mixed, cutmix, mixup, soft_targets
from archspec.training.augmentation.recolour import brightened, cut_out, shifted
from archspec.training.augmentation.warp import Motion, warped
from archspec.training.errors import TrainingError

WHITE = 255.0
"""The largest value of a pixel as files have it."""


class Augmentation(nn.Module):
    """Changes batches of training examples at random.

    Args:
        spec: What is done.
        classes: How many classes there are, if targets are their numbers; 0 for values.
        white: The largest value that an image can have, at which brighter ones are cut off.
    """

    def __init__(self, spec: Augment, *, classes: int = 0, white: float = WHITE) -> None:
        super().__init__()
        self._spec = spec
        self._classes = classes
        self._white = white
        self._flip = RandomFlip(
            [
                dim
                for dim, wanted in ((-1, spec.horizontal_flip), (-2, spec.vertical_flip))
                if wanted
            ]
        )

    @torch.no_grad()
    def forward(self, inputs: torch.Tensor, *targets: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Returns a changed batch, on the device where the given one is.

        Args:
            inputs: The examples `[count, C, H, W]`; for `mixup` alone of any shape.
            *targets: Their targets, and their weights in the loss, if they have any. Where
                examples are mixed, numbers of classes `[count]` become shares of all classes
                `[count, classes]`.

        Returns:
            As many tensors as are given.

        Raises:
            TrainingError: The examples are no images, or too small for what is cut out of them.
        """
        require_images(self._spec, inputs)
        with torch.autocast(inputs.device.type, enabled=False):  # else places are rounded
            images = self._recoloured(self._moved(inputs))
        spec = self._spec
        if not targets or not (spec.mixup or spec.cutmix):
            return (images, *targets)
        mixed = Mixed(images, soft_targets(targets[0], self._classes), *targets[1:])
        if spec.mixup:
            mixed = mixup(mixed, spec.mixup)
        if spec.cutmix:
            mixed = cutmix(mixed, spec.cutmix)
        return tuple(tensor for tensor in mixed if tensor is not None)

    def _moved(self, images: torch.Tensor) -> torch.Tensor:
        spec = self._spec
        if motion := Motion.drawn(spec, images):
            images = warped(images, motion, spec.fill_mode, spec.cval, spec.interpolation)
        images = self._flip.train()(images)
        if spec.crop_padding:
            padded = functional.pad(images, [spec.crop_padding] * 4)
            images = RandomCrop(*images.shape[2:])(padded)
        return images

    def _recoloured(self, images: torch.Tensor) -> torch.Tensor:
        spec = self._spec
        if spec.brightness_range:
            images = brightened(images, spec.brightness_range, self._white)
        if spec.channel_shift_range:
            images = shifted(images, spec.channel_shift_range)
        return cut_out(images, spec.cutout) if spec.cutout else images


def require_images(spec: Augment, inputs: torch.Tensor) -> None:
    """Checks that examples `[count, *shape]` can be augmented so.

    Raises:
        TrainingError: They are no images, or whole numbers, or too small for what is cut out.
    """
    place = ("train", "data", "augment")
    if not inputs.is_floating_point():
        raise TrainingError(
            "`augment` changes measurements, but the network takes whole numbers (int64)",
            "leave `augment` out of train.data",
            place=place,
        )
    others = spec.model_dump(exclude={"mixup"}, exclude_defaults=True)
    if others and inputs.ndim != 4:
        raise TrainingError(
            f"`augment` has {next(iter(others))}, which is for images, but the examples are "
            f"{shape_text(inputs.shape[1:])}",
            "leave all but `mixup` out of train.data.augment",
            place=place,
        )
    if others:
        _require_remains(spec, inputs.shape[2:], place)


def _require_remains(spec: Augment, size: Sequence[int], place: tuple[str, ...]) -> None:
    """Checks that something of images of this height and width is always left to see."""
    for name, limit in (("cutout", 2 * max(size)), ("crop_padding", min(size))):
        pixels = getattr(spec, name)
        if pixels and pixels >= limit:
            raise TrainingError(
                f"`augment` has {name}: {pixels}, which can leave nothing of images of "
                f"{shape_text(tuple(size))}",
                f"use less than {limit}",
                place=(*place, name),
            )
