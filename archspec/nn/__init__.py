"""Small PyTorch modules for what `torch.nn` does not have.

Lowerings name them as strings. Each file imports torch alone, so that its source can be
copied into generated code.
"""
