"""Pydantic's verdicts as diagnostics at the place they speak of."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from archspec.diagnostics import Diagnostic, Span
from archspec.diagnostics.clipped import clipped
from archspec.frontend.arguments import Argument, as_text
from archspec.frontend.layer import RESERVED
from archspec.frontend.misplaced import beside_help, sections_above, silenced
from archspec.frontend.names import name_fault
from archspec.frontend.schema import FORMULA, LINE, METRIC, NAME, STEM, ArchSpec
from archspec.frontend.suggest import field_help, section_help
from archspec.frontend.tree import Items, Scalar, Table, Tree, plain
from archspec.frontend.value_help import choice_help, form_help, option_help, text_help
from archspec.ir.op import Operator

Model = TypeVar("Model", bound=BaseModel)
Location: TypeAlias = tuple[int | str, ...]

MOST = 60
"""The most characters of a value that a message repeats."""


def validate_tree(
    model: type[Model], tree: Tree, report: list[Diagnostic], *, key: Scalar | None = None
) -> Model | None:
    """Returns the model of a spec, or of the part at `key`; its faults go to `report`."""
    above = (str(key.value),) if key else ()
    try:
        return model.model_validate(plain(tree))
    except ValidationError as error:
        groups = _grouped(error, lambda steps: _existing(tree, steps))
        beside = sections_above(groups, lambda steps: _at(tree, steps))
        told = silenced(beside)
        found: list[Diagnostic] = []
        for location, faults in groups.items():
            if location in told:
                continue
            kind = faults[0]["type"]
            around = location[:-1] if kind == "missing" else location
            if kind in ("missing", "too_short") and _is_faulty(tree, around):
                continue  # it may be what was left out
            span, key_span = _spans(tree, location, key.span if key else tree.span)
            fault = _diagnostic(model, location, faults, span, key_span, above)
            if location in beside:
                fault = fault._replace(help=beside_help(str(location[-1]), beside[location]))
            found.append(fault)
        report += _without_named(found)
        return None


def _without_named(found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Returns the faults without missing keys that another fault says are there, misspelt."""
    meant = [fault.help for fault in found if fault.code == "E101"]
    return [
        fault
        for fault in found
        if fault.code != "E102" or not any(_last_name(fault) in help_ for help_ in meant)
    ]


def _last_name(missing: Diagnostic) -> str:
    """Returns the key that a fault says is missing, as help lines quote it."""
    return f"`{missing.message.split('`')[1].rpartition('.')[2]}`"


def validate_arguments(
    model: type[Model], arguments: Mapping[str, Argument], call: Span, report: list[Diagnostic]
) -> Model | None:
    """Returns the model of a call's arguments; its faults go to `report`."""
    try:
        return model.model_validate({name: a.value for name, a in arguments.items()})
    except ValidationError as error:
        for location, faults in _grouped(error, lambda steps: steps[:1]).items():
            argument = arguments.get(str(location[0])) if location else None
            span, key_span = (argument.span, argument.key_span) if argument else (call, call)
            report.append(_diagnostic(model, location, faults, span, key_span))
        return None


def _grouped(error: ValidationError, clean: Any) -> dict[Location, list[Any]]:  # noqa: ANN401
    """Returns the faults by place: a union makes one for each of its members."""
    groups: dict[Location, list[Any]] = {}
    for fault in error.errors(include_url=False):
        location: Location = fault["loc"]
        of_a_key = fault["type"] in ("missing", "extra_forbidden") or location[-1:] == ("[key]",)
        last = location[-1:] if of_a_key and isinstance(location[-1], str) else ()
        steps = location[: len(location) - len(last)]
        groups.setdefault((*clean(steps), *last), []).append(fault)
    # Where a member of a union took the value and found the fault inside, the others are wrong.
    around = {place[:end] for place in groups for end in range(len(place))}
    return {
        place: faults
        for place, faults in groups.items()
        if place not in around or not all(fault["type"].endswith("_type") for fault in faults)
    }


def _existing(tree: Tree, steps: Location) -> Location:
    """Returns the steps that exist in the tree; the others are tags of unions."""
    kept: list[int | str] = []
    for step in steps:
        inner = _child(tree, step)
        if inner is not None:
            kept.append(step)
            tree = inner
    return tuple(kept)


def _is_faulty(tree: Tree, steps: Location) -> bool:
    """Returns whether entries of the table at a place were left out, after faults."""
    found = _at(tree, steps)
    return isinstance(found, Table) and found.faulty


def _at(tree: Tree, steps: Location) -> Tree | None:
    """Returns what stands at a place."""
    found: Tree | None = tree
    for step in steps:
        found = _child(found, step) if found is not None else None
    return found


def _child(tree: Tree, step: int | str) -> Tree | None:
    if isinstance(tree, Table):
        return tree.get(str(step))
    if isinstance(tree, Items) and isinstance(step, int) and step < len(tree.items):
        return tree.items[step]
    return None


def _spans(tree: Tree, location: Location, key_span: Span) -> tuple[Span, Span]:
    """Returns the spans of a place's value and key; of the place around a missing one."""
    for step in location:
        inner = _child(tree, step)
        if inner is None:
            return key_span, key_span
        key_span = tree.key_span(str(step)) if isinstance(tree, Table) else inner.span
        tree = inner
    if not isinstance(tree, Scalar) and tree.span.line != key_span.line:
        return key_span, key_span  # what begins below its key is better known by that
    return tree.span, key_span


def _diagnostic(
    model: type[BaseModel],
    location: Location,
    faults: list[Any],
    span: Span,
    key_span: Span,
    above: Location = (),
) -> Diagnostic:
    if location[-1:] == ("[key]",):
        fault = name_fault(str(location[-2]), key_span)
        if fault:
            return fault
    name = ".".join(str(step) for step in (*above, *location)) or model.__name__
    first = faults[0]
    owner = _model_at(model, location[:-1])
    if first["type"] == "extra_forbidden":
        return _unknown(owner if owner else model, name, first["input"], span, key_span)
    field = owner.model_fields.get(str(location[-1])) if owner and location else None
    help_ = f"{location[-1]}: {field.description}" if field and field.description else ""
    if first["type"] == "missing":
        return Diagnostic("E102", f"`{name}` is missing", key_span, help_)
    if first["type"] == "value_error":
        return Diagnostic("E103", first["msg"].removeprefix("Value error, "), span, help_)
    # In a union, a member that has the right type knows best what is wrong.
    informed = [fault for fault in faults if not fault["type"].endswith("_type")] or faults
    wanted = " or ".join(dict.fromkeys(_wanted(fault) for fault in informed))
    value = first["input"]
    kinds = {fault["type"] for fault in faults}
    if isinstance(value, str) and "string_type" not in kinds:
        of_layer = issubclass(model, Operator)
        help_ = text_help(value, of_layer=of_layer, wants_number=kinds <= _NUMERIC) or help_
    last = str(location[-1]) if location else ""
    choices = [fault["ctx"]["expected"] for fault in faults if fault["type"] == "literal_error"]
    if choices:
        help_ = choice_help(last, value, str(choices[0])) or help_
    if field and kinds <= {"model_type", "dict_type"}:
        help_ = option_help(last, value, models(field.annotation)) or help_
    help_ = form_help(last, value) or help_
    message = f"`{name}` must be {wanted}, not `{clipped(as_text(value), MOST)}`"
    return Diagnostic("E103", message, span, help_)


_WANTED = {
    "int_type": "an integer",
    "int_from_float": "an integer",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "text",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "missing": "a longer list",
    "greater_than": "greater than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "string_too_short": "a text that is not empty",
    "too_long": "a list of at most {max_length}",
    "too_short": "a list of at least {min_length}",
    "literal_error": "{expected}",
}


_NUMERIC = {"int_type", "float_type", "list_type", "tuple_type"}
"""The faults of what is no number, where no word could stand either."""

PATTERNS = {
    NAME: "a name of the letters a to z, digits and `_`",
    STEM: "a name of the letters a to z, digits, `_`, `.` and `-`",
    FORMULA: "a formula",
    LINE: "one line of text",
    METRIC: "a metric such as train_loss or validation_accuracy",
}
"""What the patterns of texts ask for, to follow `must be`."""


def _wanted(fault: Any) -> str:  # noqa: ANN401
    """Returns what pydantic wanted instead, to follow `must be`."""
    if fault["type"] == "string_pattern_mismatch":
        return PATTERNS.get(fault["ctx"]["pattern"], "other text")
    template = _WANTED.get(fault["type"])
    if template is None:
        return str(fault["msg"])
    return template.format(**fault.get("ctx", {}))


def _unknown(
    owner: type[BaseModel], name: str, value: object, span: Span, key_span: Span
) -> Diagnostic:
    """Returns the fault of a key that an operator, a choice or a section does not have."""
    *within, key = name.split(".")
    if issubclass(owner, Operator):
        help_ = field_help(key, owner.model_fields, what="field", operator=owner,
                           reserved=RESERVED, given=value)  # fmt: skip
        return Diagnostic("E101", f"{owner.kind()} has no field `{key}`", key_span, help_)
    known = owner.model_fields
    if _is_choice(owner):
        what = within[-1] if within and within[-1].isidentifier() else "step"
        help_ = section_help(key, known, lambda _: None, what="choice")
        return Diagnostic("E103", f"there is no {what} `{key}`", span, help_)
    help_ = section_help(key, known, lambda other: _place_of(other, owner, tuple(within)))
    return Diagnostic("E101", f"unknown key `{name}`", key_span, help_)


def _is_choice(model: type[BaseModel]) -> bool:
    from archspec.frontend.train_schema import Choice  # few specs have such a fault

    return issubclass(model, Choice)


def _model_at(model: type[BaseModel], location: Location) -> type[BaseModel] | None:
    """Returns the model whose field the last step of a location is."""
    found: type[BaseModel] | None = model
    for step in location:
        if found is None:
            return None
        field = found.model_fields.get(str(step))
        if field is not None:
            found = next(models(field.annotation), None)
    return found


def _place_of(key: str, model: type[BaseModel] | None, within: tuple[str, ...]) -> str | None:
    """Returns the nearest section below a model, the one at `within`, that has a key.

    An entry of a list is told only where nothing else has the key.
    """
    sections = [(within, model)] if model else []
    entries: list[str] = []
    for path, section in sections:
        if path != within and key in section.model_fields:
            return ".".join(path)
        inner = {name: field.annotation for name, field in section.model_fields.items()}
        if section is ArchSpec:
            from archspec.frontend.train_schema import TrainSpec

            inner["train"] = TrainSpec
        for name, annotation in inner.items():
            below = [((*path, name), found) for found in models(annotation)]
            if get_origin(annotation) is not list:
                sections += below
            elif any(key in found.model_fields for _, found in below):
                entries.append(".".join((*path, name)))
    return entries[0] if entries else None


def models(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401
    """Yields the models that a field's annotation speaks of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from models(inner)
