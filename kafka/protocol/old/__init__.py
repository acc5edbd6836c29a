"""Where kafka-python 3.x has put the structures of 2.x: other names of the same modules."""

from __future__ import annotations

import sys
from importlib import import_module

from kafka.protocol.legacy.table import MODULES, rows

for _name in (*rows(MODULES), "abstract", "api", "frame", "parser", "struct", "types"):
    globals()[_name] = sys.modules[f"{__name__}.{_name}"] = import_module(f"kafka.protocol.{_name}")
