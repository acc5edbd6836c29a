"""Settings of the documentation; built with ``tox -e docs``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE / "_ext")]

from kafka import __version__  # noqa: E402 - the path comes first

project = "kafka-python"
author = "The kafka-python authors"
copyright = author  # noqa: A001 - Sphinx has the name
release = __version__
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "kafka_compat",
    "kafka_errors",
    "kafka_links",
    "kafka_modules",
    "kafka_options",
]
# The table is a part of performance.rst.
exclude_patterns = ["_build", "_ext", "performance_table.rst"]
highlight_language = "python"
# Names are single backticks in docstrings; `kafka_links` makes links of those that it knows.
default_role = "code"

autodoc_default_options = {"members": True, "member-order": "bysource"}
# The types stand in the signatures. They name what the modules import for type checkers only, so
# they are shown as they are written.
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 88
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
nitpick_ignore_regex = [
    # Short names in signatures: those of Python, and of modules that are not public.
    (r"py:.*", r"(?!kafka\.).*"),
    # Type parameters, and what a signature names but nobody makes.
    (r"py:class", r"kafka\..*\.R?[KVT](_co|_contra)?"),
    (r"py:class", r"kafka\..*\._\w+"),
    (r"py:class", r"kafka\._base\..*"),
    (r"py:class", r"kafka\.low_level\..*"),
    (r"py:class", r"kafka\.metrics\.stats\.(percentiles\.BinScheme|sampled_stat\.Sample)"),
    (r"py:class", r"kafka\.testing\.broker\.control\.Control"),
    (r"py:class", r"kafka\.coordinator\.assignors\.strategy\.RebalanceProtocol"),
    (r"py:class", r".*StickyAssignorMemberMetadataV1"),
]

html_theme = "furo"
html_title = f"kafka-python {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme_options = {"navigation_with_keys": True}
html_copy_source = False


def skip_tuples_own(
    _app: Sphinx, _what: str, _name: str, member: object, _skip: bool, _options: object
) -> bool | None:
    """Leave out what named tuples have by themselves; their docstrings explain the fields."""
    own = member in (tuple.count, tuple.index) or type(member).__name__ == "_tuplegetter"
    return True if own else None


def setup(app: Sphinx) -> None:
    """Connect what is above."""
    app.connect("autodoc-skip-member", skip_tuples_own)
