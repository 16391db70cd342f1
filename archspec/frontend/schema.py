"""The top level of a spec, as pydantic models.

What stands inside `layers` is judged by the operators and blocks that it names; these
models judge everything around it.
"""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
STEM = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
FORMULA = r"^="
METRIC = r"^(train|validation)_[a-z0-9_]+$"
LINE = r"^[^\x00-\x1f\x7f]*$"

Name: TypeAlias = Annotated[str, Field(pattern=NAME)]
Formula: TypeAlias = Annotated[str, Field(pattern=FORMULA)]
SizeText: TypeAlias = Annotated[int, Field(gt=0)] | Name | Formula
References: TypeAlias = str | list[str] | dict[Name, str]


class Section(BaseModel):
    """A mapping of the spec: unknown keys are errors, values are not converted."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


class Input(Section):
    """An input of another element type."""

    shape: list[SizeText] = Field(description="shape of one example, channels first")
    dtype: Literal["float32", "int64"] = Field(
        default="float32", description="the element type; int64 for the numbers of tokens"
    )


Inputs: TypeAlias = dict[Name, list[SizeText] | Input]


class Block(Section):
    """A reusable part of a network, called by its name like an operator."""

    params: dict[Name, Any] = Field(
        default={}, description="NAME: TYPE for a required parameter, NAME: DEFAULT for another"
    )
    inputs: list[Name] = Field(default=["input"], min_length=1, description="names of the inputs")
    layers: list[Any] = Field(description="the layers, top to bottom as the data flows")
    outputs: References | None = Field(
        default=None, description="what leaves the block, if that is not simply the last layer"
    )


class Expect(Section):
    """Totals the spec asserts; `archspec check` fails where they differ."""

    params: int | None = Field(default=None, description="learnable weights, heads included")
    trainable: int | None = Field(default=None, description="the trainable share of `params`")
    macs: int | None = Field(default=None, description="multiply-adds of one inference")
    macs_auxiliary: int | None = Field(default=None, description="multiply-adds of the heads")
    depth: int | None = Field(
        default=None, description="the most layers with weights that follow one another"
    )
    outputs: dict[str, list[int | str]] | None = Field(
        default=None, description="shape of one example for each output"
    )


class Variant(Section):
    """A named set of parameters, and what else a variant may say."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True, defer_build=True)

    extends: str | None = Field(default=None, description="another variant of the file")
    inputs: Inputs | None = Field(default=None, description="other inputs")
    defaults: dict[str, Any] | None = Field(
        default=None, description="further fields of operators and blocks"
    )
    expect: Expect | None = Field(default=None, description="totals of the variant")


class ArchSpec(Section):
    """A spec file."""

    archspec: Literal[1] = Field(default=1, description="version of the language")
    name: Annotated[str, Field(pattern=STEM)] = Field(
        description="the network's name, also the stem of file names"
    )
    title: Annotated[str, Field(pattern=LINE)] | None = Field(
        default=None, description="the network's name for people"
    )
    source: str | None = Field(default=None, description="the paper or page it comes from")
    extends: Any = Field(
        default=None, description="the spec that this one changes: a path, or {spec, variant}"
    )
    params: dict[Name, Any] = Field(
        default={}, description="values that variants and --set override"
    )
    inputs: Inputs = Field(
        min_length=1,
        description="the inputs: shape of one example, channels first, or {shape, dtype}",
    )
    defaults: dict[str, Any] = Field(
        default={}, description="fields of operators and blocks, for this file"
    )
    include: str | list[Any] = Field(
        default=[], description="files whose blocks can be called, by their paths"
    )
    blocks: dict[Name, Block] = Field(default={}, description="reusable parts")
    layers: list[Any] = Field(
        min_length=1, description="the layers, top to bottom as the data flows"
    )
    outputs: References | None = Field(
        default=None, description="what leaves the network, if that is not simply the last layer"
    )
    expect: Expect | None = Field(default=None, description="totals that must come out")
    variants: dict[str, Variant | None] = Field(
        default={}, description="named sets of parameters; `extends inputs defaults expect` too"
    )
    train: Any = Field(default=None, description="data, optimiser and the rest of training")
