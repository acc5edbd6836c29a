"""Settings of the documentation; built with ``tox -e docs``."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE / "_ext")]

from kafka import __version__  # noqa: E402 - the path comes first

project = "kafka-python"
author = "The kafka-python authors"
release = __version__
extensions = ["kafka_errors", "kafka_modules", "kafka_options"]
# The table is a part of performance.rst.
exclude_patterns = ["_build", "_ext", "performance_table.rst"]
html_theme = "alabaster"
highlight_language = "python"
