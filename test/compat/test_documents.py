"""What the documents promise: examples that compile and import, tests that exist."""

from __future__ import annotations

import ast
import json
import re
import textwrap
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.rst", *sorted((ROOT / "docs").glob("*.rst"))]
CODE = re.compile(r"\.\. code-block:: python\n\n((?:(?:    ?.*)?\n)+)")
NAMED_TEST = re.compile(r"``(test/[\w/]+\.py)(?:::(\w+))?``")

EXAMPLES = [
    pytest.param(textwrap.dedent(match[1]), id=f"{path.name}-{number}")
    for path in DOCUMENTS
    for number, match in enumerate(CODE.finditer(path.read_text(encoding="utf-8")), 1)
]
NAMED = sorted(set(NAMED_TEST.findall((ROOT / "docs/compat.rst").read_text(encoding="utf-8"))))


@pytest.mark.parametrize("code", EXAMPLES)
def test_example_compiles_and_its_imports_exist(code: str) -> None:
    # Of this package; what else a page imports shows when test/programs runs it.
    tree = ast.parse(code)
    wanted = [
        (node.module or "", alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("kafka")
        for alias in node.names
    ]
    assert [pair for pair in wanted if not hasattr(import_module(pair[0]), pair[1])] == []


def test_documents_have_examples() -> None:
    assert len(EXAMPLES) >= 8


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_test_named_by_a_row_exists(path: str, name: str) -> None:
    assert f"def {name}" in (ROOT / path).read_text(encoding="utf-8")


def test_the_speeds_in_the_readme_are_those_that_were_measured() -> None:
    found = json.loads((ROOT / "docs/_static/performance.json").read_text(encoding="utf-8"))
    measured = {
        row["client"]: f"{round(row['value'], -3):,.0f}"
        for row in found["results"]
        if (row["row"], row["broker"]) == ("send", "kafka")
    }
    told = (ROOT / "README.rst").read_text(encoding="utf-8").partition("* - `Speed")[2]
    names = ("ours", "kafka-python", "aiokafka", "confluent-callback", "confluent")
    assert re.findall(r"\d+(?:,\d{3})+", told)[: len(names)] == [measured[name] for name in names]
