"""What the directories of pictures say: the classes, and the splits if there are any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from archspec.frontend.suggest import did_you_mean
from archspec.training.data.sources.picture_tree import Picture, PictureTree
from archspec.training.errors import TrainingError

SPLITS: Mapping[str, str] = {
    "train": "train", "training": "train", "test": "test", "testing": "test",
    "validation": "validation", "valid": "validation", "val": "validation",
}  # fmt: skip
"""What directories of splits are called."""

PLACE = ("train", "data", "folder")
REMEDY = "give each class a directory of its own: FOLDER/CLASS/image.png, or FOLDER/train/CLASS/…"


class Labelled(NamedTuple):
    """Pictures with their classes.

    Attributes:
        classes: The names of the classes.
        pictures: The pictures.
        numbers: The number of each one's class.
        splits: The split that each is in; empty if the directories do not say.
    """

    classes: tuple[str, ...]
    pictures: Sequence[Picture]
    numbers: Sequence[int]
    splits: Sequence[str]


def labelled(tree: PictureTree, said: Sequence[str] | None) -> Labelled:
    """Returns pictures with the classes that their directories name.

    Directories around all others do not count. The classes are in the order of their names, or
    of the numbers that they are, if all are.

    Args:
        tree: The pictures.
        said: The classes that the spec names, in its order.

    Raises:
        TrainingError: A picture is in no class, or a class has no pictures; or the classes are
            others than those that the spec names, or than those of the training.
    """
    outer = _outer(tree)
    depth = len(outer.parts)
    splits = _splits(tree, outer)
    at = depth + bool(splits)
    for picture in tree.pictures:
        if len(picture.place.parts) < at + 2:
            raise TrainingError(f"{picture.called} is in no class", REMEDY, place=PLACE)
    _require_pictures(tree, at)
    names = [picture.place.parts[at] for picture in tree.pictures]
    parts = [SPLITS[p.place.parts[depth].casefold()] for p in tree.pictures] if splits else []
    found = ordered({n for n, s in zip(names, parts, strict=True) if s == "train"} if parts
                    else set(names))  # fmt: skip
    classes = tuple(said) if said else found
    _require_same(tree, classes, names, found)
    if len(classes) < 2:
        raise TrainingError(
            f"{tree.path} has one class, {classes[0]}; there is nothing to tell apart",
            REMEDY,
            place=PLACE,
        )
    numbers = {name: number for number, name in enumerate(classes)}
    return Labelled(classes, tree.pictures, [numbers[name] for name in names], parts)


def ordered(names: set[str]) -> tuple[str, ...]:
    """Returns names in the order of Unicode, as Keras and torchvision do; numbers by size."""
    if all(name.isdecimal() for name in names):
        return tuple(sorted(names, key=lambda name: (int(name), name)))
    return tuple(sorted(names))


def _outer(tree: PictureTree) -> PurePosixPath:
    """Returns the directory that all others are in, deepest first, if there is one."""
    outer = PurePosixPath()
    while True:
        depth = len(outer.parts)
        heads = {picture.place.parts[: depth + 1] for picture in tree.pictures}
        shortest = min(len(picture.place.parts) for picture in tree.pictures)
        if len(heads) > 1 or shortest < depth + 3 or _is_split(next(iter(heads))[-1]):
            return outer
        outer = PurePosixPath(*next(iter(heads)))


def _splits(tree: PictureTree, outer: PurePosixPath) -> bool:
    """Returns whether the directories are those of splits."""
    depth = len(outer.parts)
    heads = {p.place.parts[depth] for p in tree.pictures if len(p.place.parts) > depth + 1}
    found = {SPLITS[head.casefold()] for head in heads if _is_split(head)}
    strange = sorted(head for head in heads if not _is_split(head))
    if "train" not in found or (strange and found == {"train"}):
        return False
    if strange:
        raise TrainingError(
            f"{tree.path} has a directory {strange[0]} beside those of the splits",
            "move it elsewhere, or move the classes out of `train`",
            place=PLACE,
        )
    return True


def _is_split(name: str) -> bool:
    return name.casefold() in SPLITS


def _require_pictures(tree: PictureTree, at: int) -> None:
    filled = {PurePosixPath(*picture.place.parts[: at + 1]) for picture in tree.pictures}
    above = {PurePosixPath(*picture.place.parts[:at]) for picture in tree.pictures}
    empty = sorted(f for f in tree.folders if f.parent in above and f not in filled)
    if empty:
        raise TrainingError(
            f"the class {empty[0].name} has no images: {tree.path / empty[0]} is empty",
            "put images into it, or remove it",
            place=PLACE,
        )


def _require_same(
    tree: PictureTree, classes: tuple[str, ...], names: Sequence[str], found: Sequence[str]
) -> None:
    for name in classes:
        if name not in found:
            raise TrainingError(
                f"`classes` names {name}, but {tree.path} has no such directory",
                did_you_mean(name, found, what="class"),
                place=("train", "data", "classes"),
            )
    for name, picture in zip(names, tree.pictures, strict=True):
        if name not in classes:
            raise TrainingError(
                f"{picture.called} is of the class {name}, which is not one of those to learn",
                did_you_mean(name, classes, what="class"),
                place=PLACE,
            )
