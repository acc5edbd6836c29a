"""A module that says "Pure." is kept so by import-linter and has a unit-test file of its own."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CONTRACTS = {"deciding", "embedded-broker-deciding"}
# Much faster than to parse every module.
DOCSTRING = re.compile(r'"""(.*?)"""', re.DOTALL)
# Other spellings claim it, too.
CLAIM = re.compile(r"\bPure[.:;,]", re.IGNORECASE)


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def docstring(text: str) -> str:
    """Return the docstring that *text* begins with, if it does."""
    found = DOCSTRING.match(text)
    return found[1] if found else ""


@cache
def claimed() -> frozenset[str]:
    """Return the modules of the package whose docstrings say that they are pure."""
    return frozenset(
        name_of(path)
        for path in (ROOT / "kafka").rglob("*.py")
        if CLAIM.search(docstring(path.read_text("utf-8")))
    )


def mirror_of(name: str) -> Path:
    """Return where the unit tests of a module are.

    ``kafka.a._b`` is mirrored by ``test/unit/a/test_b.py``, as tests have no private names; a
    package ``kafka.a`` by ``test/unit/a/test_a.py``.
    """
    parents = name.split(".")[1:]
    leaf = parents[-1].lstrip("_")
    if not (ROOT / "kafka").joinpath(*parents).is_dir():
        parents.pop()
    return (ROOT / "test" / "unit").joinpath(*parents, f"test_{leaf}.py")


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


def test_every_module_that_says_pure_has_a_test_file_of_its_own() -> None:
    missing = [name for name in claimed() if not mirror_of(name).exists()]
    assert sorted(missing) == []


def test_test_files_lie_where_the_module_lies_and_have_no_private_names() -> None:
    found = {
        name: mirror_of(name).relative_to(ROOT).as_posix()
        for name in ("kafka.cluster", "kafka.record._runs", "kafka._base.retry", "kafka.metrics")
    }
    assert found == {
        "kafka.cluster": "test/unit/test_cluster.py",
        "kafka.record._runs": "test/unit/record/test_runs.py",
        "kafka._base.retry": "test/unit/_base/test_retry.py",
        "kafka.metrics": "test/unit/metrics/test_metrics.py",
    }
