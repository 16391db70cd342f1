"""The formats of `archspec check`: one module each, imported only when it is asked for.

Each prints what was found out on stdout; what is for people to mend goes to stderr.
"""
