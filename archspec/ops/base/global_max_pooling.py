"""Global max pooling."""

from typing import ClassVar

from archspec.ops.base.global_pooling import GlobalPooling


class GlobalMaxPooling(GlobalPooling):
    """The base of global max pooling."""

    function: ClassVar[str] = "torch.amax"
    onnx_operator: ClassVar[str] = "GlobalMaxPool"
