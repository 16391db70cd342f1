"""The top level of a file that is included, as a pydantic model."""

from typing import Any, Literal

from pydantic import Field

from archspec.frontend.schema import Block, Name, Section


class Library(Section):
    """A file that is included: its blocks, with the parameters and defaults that they see."""

    archspec: Literal[1] = Field(default=1, description="version of the language")
    name: Any = Field(default=None, description="not used")
    title: Any = Field(default=None, description="not used")
    source: str | None = Field(default=None, description="the paper or page it comes from")
    params: dict[Name, Any] = Field(default={}, description="values that its blocks see")
    defaults: dict[str, Any] = Field(
        default={}, description="fields of operators and blocks, for its blocks"
    )
    include: str | list[Any] = Field(default=[], description="further files with blocks")
    blocks: dict[Name, Block] = Field(description="reusable parts")
