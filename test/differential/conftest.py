"""One cluster of each kind and release for the whole session."""

from __future__ import annotations

import os
import uuid
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from test.differential.clusters import embedded_cluster, pair_of, real_cluster
from test.support.apache_kafka import missing_toolchain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from test.differential.clusters import Pair


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs Apache Kafka where Java or Maven is missing; in CI, fail."""
    missing = missing_toolchain() if "pairs" in getattr(item, "fixturenames", ()) else None
    if missing is None:
        return
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(missing, pytrace=False)
    pytest.skip(missing)


@pytest.fixture(scope="session")
def pairs() -> Iterator[Callable[[str], Pair]]:
    """Start both clusters of a release when it is first asked for."""
    started: dict[str, Pair] = {}
    with ExitStack() as stack:

        def pair(release: str) -> Pair:
            if release not in started:
                real = stack.enter_context(real_cluster(release))
                embedded = stack.enter_context(embedded_cluster(release))
                started[release] = pair_of(release, real, embedded)
            return started[release]

        yield pair


@pytest.fixture(scope="session")
def prefix() -> str:
    """Start of every name of this session."""
    return uuid.uuid4().hex[:6]
