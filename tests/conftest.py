"""What all tests share: how torch's threads wait."""

from __future__ import annotations

import os

# Set before torch is imported, which reads it once: threads that spin while they wait for each
# other are many times slower on a busy machine.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
