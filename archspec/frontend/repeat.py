"""What `repeat` means: how often, and with which arguments each time."""

from collections.abc import Mapping

from archspec.diagnostics import Diagnostic, Span
from archspec.frontend.arguments import Unknown, as_text
from archspec.frontend.limits import Limits, allow


def rows(
    value: object, span: Span, limits: Limits, report: list[Diagnostic], *, of: str = "repeat"
) -> list[Mapping[str, object]]:
    """Returns the arguments of each turn.

    Args:
        value: An integer; a list of rows, each a mapping of arguments; or a mapping of
            columns, each a list with one value for every turn.
        span: Where it stands.
        limits: How many turns there may be.
        report: Takes the fault.
        of: The key whose value it is.

    Raises:
        Unknown: The value is none of these; the fault has been reported.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value > limits.nodes:
        message = f"`{of}` is more than {limits.nodes:,} here"
        help_ = f"check the count, or {allow('nodes', value)}"
        report.append(Diagnostic("E008", message, span, help_))
        raise Unknown
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return [{} for _ in range(value)]
    if isinstance(value, tuple) and all(isinstance(row, Mapping) for row in value):
        return list(value)
    if isinstance(value, Mapping):
        columns = {name: column for name, column in value.items() if isinstance(column, tuple)}
        lengths = {len(column) for column in columns.values()}
        if len(columns) == len(value) and len(lengths) == 1:
            return [
                dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
            ]
        counts = ", ".join(
            f"{name}: {len(column) if isinstance(column, tuple) else 'not a list'}"
            for name, column in value.items()
        )
        message = f"the columns of `{of}` must be lists of one length, but they have {counts}"
        help_ = "give each column one value for every turn, as in `{out: [8, 16], kernel: [3, 1]}`"
        report.append(Diagnostic("E103", message, span, help_))
        raise Unknown
    message = f"`{of}` takes a number, rows or columns, not `{as_text(value)}`"
    help_ = "a count is at least 0"
    if isinstance(value, str):
        from archspec.frontend.value_help import text_help  # only a faulty spec needs it

        help_ = text_help(value, of_layer=True, wants_number=True) or help_
    report.append(Diagnostic("E103", message, span, help_))
    raise Unknown
