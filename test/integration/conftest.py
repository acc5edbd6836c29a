"""Fixtures of the integration tier: real brokers, topics, and their logs when a test fails."""

from __future__ import annotations

import os
import re
import uuid
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from test.support.apache_kafka import (
    LADDER,
    NEWEST,
    SHORT_LADDER,
    KafkaCluster,
    live_clusters,
    missing_toolchain,
)
from test.support.apache_kafka.config import KEEP_OLD_RECORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    ClusterFactory = Callable[..., KafkaCluster]

_HERE = Path(__file__).parent
_LOG_LINES = 80


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark every test of this directory; leave out what other options are for."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.integration)
    left_out = [item for item in items if _is_left_out(config, item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def _is_left_out(config: pytest.Config, item: pytest.Item) -> bool:
    if not config.getoption("--long") and item.get_closest_marker("long") is not None:
        return True
    return not config.getoption("--all-releases") and _needs_all_releases(item)


def _needs_all_releases(item: pytest.Item) -> bool:
    """Return whether a test marked ladder has a release that is not on the short ladder."""
    if not isinstance(item, pytest.Function) or item.get_closest_marker("ladder") is None:
        return False
    values = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return any(value in LADDER and value not in SHORT_LADDER for value in values)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Skip the tier where Java or Maven is missing; in CI, fail.

    Skipping here, and not in a fixture, folds all tests into one line of the summary.
    """
    missing = missing_toolchain()
    if missing is None:
        return
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(missing, pytrace=False)
    pytest.skip(missing)


@pytest.fixture(scope="session")
def kafka_version(request: pytest.FixtureRequest) -> str:
    """The release under test: ``--kafka-version``, else the newest."""
    return str(request.config.getoption("--kafka-version") or NEWEST)


@pytest.fixture(scope="session")
def kafka(kafka_version: str) -> Iterator[KafkaCluster]:
    """One broker for the whole session; tests keep to topics and groups of their own."""
    with KafkaCluster(kafka_version, properties=KEEP_OLD_RECORDS) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def kafka_392() -> Iterator[KafkaCluster]:
    """One broker of 3.9.2, the last release that speaks to clients of all ages (KIP-896)."""
    with KafkaCluster("3.9.2", properties=KEEP_OLD_RECORDS) as cluster:
        yield cluster


@pytest.fixture(params=[NEWEST, "3.9.2"])
def broker(request: pytest.FixtureRequest) -> KafkaCluster:
    """A broker of the newest release, and of the last that speaks the oldest versions."""
    name = "kafka" if request.param == NEWEST else "kafka_392"
    cluster: KafkaCluster = request.getfixturevalue(name)
    return cluster


@pytest.fixture
def kafka_cluster(kafka_version: str) -> Iterator[ClusterFactory]:
    """Start clusters that the test may break: ``kafka_cluster(version=..., brokers=3)``.

    Takes the arguments of KafkaCluster; all are gone when the test ends.
    """
    with ExitStack() as stack:
        # Any: handed on to KafkaCluster, which checks them.
        def start(version: str = kafka_version, brokers: int = 1, **options: Any) -> KafkaCluster:
            return stack.enter_context(KafkaCluster(version, brokers, **options))

        yield start


@pytest.fixture
def topic_name(request: pytest.FixtureRequest) -> str:
    """Return a name no other test uses and that says which test did."""
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", request.node.name)[:80]
    return f"{readable}-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def topic(kafka: KafkaCluster, topic_name: str) -> str:
    """Return a fresh topic of one partition on ``kafka``."""
    kafka.create_topic(topic_name)
    return topic_name


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the end of every running broker's log with a failure."""
    report = yield
    if report.failed and item.path.is_relative_to(_HERE):
        for cluster in live_clusters():
            for node in cluster.nodes:
                tail = "\n".join(cluster.logs(node).splitlines()[-_LOG_LINES:])
                report.sections.append((f"log of node {node} of {cluster}", tail))
    return report
