"""What kafka-python 3.0.12 offers, found by introspection of the released package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

# Any: JSON.
FACTS: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("kafka_python_3_0_12.json").read_text(encoding="utf-8")
)
