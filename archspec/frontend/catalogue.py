"""What is known of the shipped networks beside their specs: names, years, what they must equal."""

from typing import NamedTuple

from archspec.frontend.shipped import shipped_folder


class Entry(NamedTuple):
    """A shipped network.

    Attributes:
        spec: The name of the spec.
        variant: Its variant; `None` for the spec as it stands.
        title: What people call the network.
        year: When it was first published; `None` for the networks of the lecture notes.
        paper: The figures that its paper prints, if it prints any.
        reference: The keys of the references that it equals: `zoo/KEY` for published networks,
            `listings/KEY` for listings of the lecture notes.
    """

    spec: str
    variant: str | None
    title: str
    year: int | None
    paper: str | None
    reference: tuple[str, ...]

    @property
    def name(self) -> str:
        """What the network is found by on the command line."""
        return self.variant or self.spec


def catalogue() -> list[Entry]:
    """Returns the networks of `specs/catalogue.json`."""
    import json

    rows = json.loads((shipped_folder() / "catalogue.json").read_text(encoding="utf-8"))
    return [Entry(**row | {"reference": tuple(row["reference"])}) for row in rows]
