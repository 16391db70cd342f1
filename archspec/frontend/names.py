"""The naming rule: which name paths are allowed, and what unnamed layers are called."""

import keyword

from archspec.diagnostics import Diagnostic, Label, Span

LONGEST = 80
"""The longest name; networks have tens of thousands of paths, each of many names."""

# The attributes of torch.nn.Module and of its containers' bookkeeping (torch 2.13): a
# submodule of one of these names would hide it. A test compares the list with torch.
MODULE_ATTRIBUTES = frozenset((
    "T_destination", "add_module", "apply", "bfloat16", "buffers", "call_super_init", "children",
    "compile", "cpu", "cuda", "double", "dump_patches", "eval", "extra_repr", "float", "forward",
    "get_buffer", "get_extra_state", "get_parameter", "get_submodule", "half", "ipu",
    "load_state_dict", "modules", "mtia", "named_buffers", "named_children", "named_modules",
    "named_parameters", "parameters", "register_backward_hook", "register_buffer",
    "register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook",
    "register_full_backward_pre_hook", "register_load_state_dict_post_hook",
    "register_load_state_dict_pre_hook", "register_module", "register_parameter",
    "register_state_dict_post_hook", "register_state_dict_pre_hook", "requires_grad_",
    "set_extra_state", "set_submodule", "share_memory", "state_dict", "to", "to_empty", "train",
    "training", "type", "xpu", "zero_grad",
))  # fmt: skip


def name_fault(name: str, span: Span) -> Diagnostic | None:
    """Returns what is wrong with a component of a name path, if anything."""
    if not name.isidentifier() or not name.isascii():
        message = f"`{name}` cannot be a name"
        help_ = "use the letters a to z, digits and underscores, not starting with a digit"
        return Diagnostic("E108", message, span, help_)
    if len(name) > LONGEST:
        message = f"`{name[: LONGEST - 1]}…` is longer than {LONGEST} characters"
        help_ = "use a shorter name: it stands in the path of every layer below"
        return Diagnostic("E108", message, span, help_)
    if (
        name.startswith("_")
        or name == "self"
        or name in MODULE_ATTRIBUTES
        or keyword.iskeyword(name)
    ):
        message = f"`{name}` cannot be a name: Python or torch.nn.Module has a use for it"
        help_ = f"use another name, such as `{name.strip('_')}_layer`"
        return Diagnostic("E108", message, span, help_)
    return None


class Names:
    """The name components of one scope, given out in the file's order."""

    def __init__(self) -> None:
        self.given: dict[str, Span] = {}
        self._counts: dict[str, int] = {}
        self._kinds: dict[str, str] = {}
        self._uses: dict[str, int] = {}

    def give(self, name: str, span: Span) -> Diagnostic | None:
        """Takes a name that the spec gives; returns what is wrong with it, if anything."""
        if name in self.given:
            first = Label(self.given[name], "the first one")
            message = f"the name `{name}` is used twice here"
            return Diagnostic("E109", message, span, "rename one of them", (first,))
        if name in self._kinds:
            help_ = "a layer above has this name by default; use another one"
            return Diagnostic("E109", f"the name `{name}` is used twice here", span, help_)
        self.given[name] = span
        return name_fault(name, span)

    def default(self, kind: str) -> str:
        """Returns the name of the next unnamed layer of a kind: `relu`, then `relu_2`."""
        while True:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            name = kind if self._counts[kind] == 1 else f"{kind}_{self._counts[kind]}"
            if name not in self.given and name not in self._kinds:
                self._kinds[name] = kind
                self._uses[kind] = self._uses.get(kind, 0) + 1
                return name

    def ambiguous(self, name: str) -> bool:
        """Returns whether `name` is a default name, and its kind has several layers here."""
        kind = self._kinds.get(name)
        return kind is not None and self._uses[kind] > 1

    def alike(self, name: str) -> list[str]:
        """Returns the default names of all layers here that are of one kind with `name`."""
        kind = self._kinds.get(name)
        return [other for other, its in self._kinds.items() if its == kind]
