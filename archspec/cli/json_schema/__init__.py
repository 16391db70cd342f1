"""The JSON Schema of specs, from which editors complete, explain and underline.

It is made from the models and operators that `archspec check` itself goes by. It cannot know all
that a compiler knows, so it accepts every spec that is right and refuses what is wrong by form.
"""

from archspec.cli.json_schema.document import document

__all__ = ["document"]
