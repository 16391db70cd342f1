"""An input of the network that no layer reads."""

from collections.abc import Iterator

from archspec.lint.finding import Finding
from archspec.lint.network import Network


def unread_input(network: Network) -> Iterator[Finding]:
    """Yields the inputs that nothing reads; the first one is what the first layer reads."""
    for name in network.graph.inputs:
        if name not in network.reads and name not in network.leaving:
            help_ = f"read it with `from: {name}`, or remove it from `inputs`"
            yield Finding("W203", f"nothing reads the input `{name}`", help_, name)
