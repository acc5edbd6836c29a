"""Import what the package loads late, before tests run it on several threads.

pytest rewrites the asserts of every module of a package that has a pytest plugin, so it parses
the package's modules, on whichever thread imports one first. Two threads that parse at the same
time may get "AST constructor recursion depth mismatch" from CPython before 3.11.8 (gh-106905).
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages
from typing import Final

import kafka

# What has hundreds of modules, needs an optional library or runs when it is imported.
_LEFT_OUT: Final = (
    "kafka.protocol.messages.",
    "kafka.protocol.legacy.",
    "kafka.consumer.arrow_export",
    "kafka.cli",
    "kafka.__main__",
    "kafka.testing.__main__",
)


def import_all() -> None:
    """Import all modules but those left out."""
    for module in walk_packages(kafka.__path__, "kafka."):
        if not module.name.startswith(_LEFT_OUT):
            import_module(module.name)
