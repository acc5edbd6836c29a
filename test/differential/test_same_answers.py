"""Apache Kafka and the embedded cluster answer alike, but for the differences that are known."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

import pytest

from test.differential import cases
from test.differential.case import CASES
from test.differential.known_differences import KNOWN
from test.differential.run import compare

if TYPE_CHECKING:
    from collections.abc import Callable

    from test.differential.case import Case
    from test.differential.clusters import Pair

for _module in pkgutil.iter_modules(cases.__path__):
    importlib.import_module(f"{cases.__name__}.{_module.name}")


# One worker has all cases of a release, so that its clusters are started once.
EVERY = [
    pytest.param(case, id=case.label, marks=pytest.mark.xdist_group(case.release)) for case in CASES
]


@pytest.mark.parametrize("case", EVERY)
def test_both_answer_alike(pairs: Callable[[str], Pair], prefix: str, case: Case) -> None:
    found = compare(pairs(case.release), case, prefix)
    known = [row for row in KNOWN if row.concerns(case)]
    new = [f"{path}: {how}" for path, how in found if not any(row.covers(path) for row in known)]
    gone = [row for row in known if not any(row.covers(path) for path, _ in found)]
    assert not new, "\n".join(["the embedded cluster answers otherwise:", *new])
    assert not gone, f"known differences that are gone; delete their rows: {gone}"


@pytest.mark.parametrize("row", KNOWN, ids=[f"{row.case}-{row.path}" for row in KNOWN])
def test_a_known_difference_names_cases_there_are(row: object) -> None:
    assert any(known is row and known.concerns(case) for known in KNOWN for case in CASES)
