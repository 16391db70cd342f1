"""The naming rule on the shipped specs: who is renamed when one layer is inserted.

Every list of layers of every spec is tried at every place, one unnamed `identity` at a time.

    pytest tests/test_name_stability.py -s      prints the share of layers that are renamed
"""

from __future__ import annotations
