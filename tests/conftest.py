"""What all tests share: how torch waits, and which property examples CI tries."""

from __future__ import annotations

import os
import signal

from hypothesis import settings

# Set before torch is imported, which reads it once: threads that spin while they wait for each
# other are many times slower on a busy machine.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# A shell that starts the tests in the background lets them, and all they start, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Keras, an independent implementation of most operators, computes with torch here.
os.environ["KERAS_BACKEND"] = "torch"

# CI judges a change, so it tries the same examples each time; everyone else's runs search on.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")
