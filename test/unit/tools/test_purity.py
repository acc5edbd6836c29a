"""A module that says "Pure." in its docstring is one that import-linter keeps so."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CONTRACTS = {"deciding", "embedded-broker-deciding"}
# Other spellings claim it, too.
CLAIM = re.compile(r"\bPure[.:;,]", re.IGNORECASE)


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def claimed() -> set[str]:
    """Return the modules of the package whose docstrings say that they are pure."""
    return {
        name_of(path)
        for path in (ROOT / "kafka").rglob("*.py")
        if CLAIM.search(ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "")
    }


def checked() -> list[re.Pattern[str]]:
    """Return patterns of the modules that the purity contracts name."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    names = [
        name
        for contract in contracts
        if contract["id"] in CONTRACTS
        for name in contract["source_modules"]
    ]
    # A name stands for the module and all below it; ``.**`` for those below it.
    return [re.compile(rf"{re.escape(name)}(\..+)?".replace(r"\.\*\*", r"\..+")) for name in names]


def test_every_module_that_says_pure_is_in_a_purity_contract() -> None:
    patterns = checked()
    unchecked = [
        name for name in claimed() if not any(pattern.fullmatch(name) for pattern in patterns)
    ]
    assert sorted(unchecked) == []


def test_the_claim_is_found_where_it_is_made() -> None:
    assert {"kafka.cluster", "kafka.record.batch", "kafka.testing.broker.cluster"} <= claimed()
    assert not {"kafka", "kafka.testing.broker.waiting"} & claimed()
