"""What stands behind a dot or in brackets: sizes of a tensor, keys of a mapping, list items."""

from collections.abc import Mapping

from archspec.frontend.formula.errors import FormulaError, Place, quoted
from archspec.frontend.formula.values import Operand, describe, is_list, number, undecided
from archspec.frontend.suggest import did_you_mean
from archspec.ir.dim import Dim, Size
from archspec.ir.types import TensorType

# attribute: (index into one example's shape, how many sizes it may have)
SIZES: Mapping[str, tuple[int, range]] = {
    "channels": (0, range(1, 99)),
    "depth": (-3, range(4, 5)),
    "height": (-2, range(3, 5)),
    "width": (-1, range(2, 5)),
    "length": (0, range(2, 3)),
    "features": (-1, range(1, 99)),
}
_KINDS = {
    0: "a scalar",
    1: "a vector of {}",
    2: "a sequence of {}",
    3: "an image of {}",
    4: "a volume of {}",
}


def attribute(owner: object, name: str, place: Place) -> object:
    """Returns `owner.name`.

    Args:
        owner: A tensor or a mapping.
        name: What stands behind the dot.
        place: Where `name` stands.

    Raises:
        FormulaError: There is no such attribute.
    """
    if isinstance(owner, TensorType):
        return _size(owner, name, place)
    if not isinstance(owner, Mapping):
        raise FormulaError(f"{describe(owner)} has no {quoted(name)}", place)
    if name in owner:
        return owner[name]
    raise FormulaError(
        f"the mapping has no {quoted(name)}", place, help=did_you_mean(name, owner, what="key")
    )


def item(owner: Operand, index: Operand) -> object:
    """Returns `owner[index]`.

    Raises:
        FormulaError: `owner` is no list, or has no such item.
    """
    values = owner.value
    if not is_list(values):
        raise FormulaError(
            f"{describe(values)} has no items", owner.place, help="only lists are indexed"
        )
    position = number(index, wanted_by=f"the index into {describe(values)}")
    if isinstance(position, Dim):
        raise undecided("the index", position, index.place)
    if position != int(position):
        raise FormulaError(
            f"the index into {describe(values)} must be a whole number, and this is {position}",
            index.place,
        )
    if -len(values) <= position < len(values):
        return values[int(position)]
    raise FormulaError(
        f"{describe(values)} has no item {int(position)}",
        index.place,
        help=f"the first is 0 and the last {len(values) - 1}" if values else "",
    )


def _size(type_: TensorType, name: str, place: Place) -> Size:
    if name not in SIZES:
        raise FormulaError(
            f"a tensor has no {quoted(name)}", place, help=did_you_mean(name, SIZES, what="size")
        )
    index, counts = SIZES[name]
    example = type_.example
    if len(example) in counts:
        return example[index]
    kind = _KINDS.get(len(example), "a tensor of {}").format(type_)
    others = [other for other, (_, counts) in SIZES.items() if len(example) in counts]
    raise FormulaError(
        f"this is {kind}: it has no {name}",
        place,
        help=f"it has {', '.join(others)}" if others else "",
    )
