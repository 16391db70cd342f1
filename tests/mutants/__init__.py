"""Valid specs broken in every way that people, editors and attackers break files.

`seeds` has the valid specs, the other modules change them, `making` makes a mutant of a seed and
a number, and `judging` says how archspec took it. The tests and `tools/mutate.py` share it.
"""
