"""Fixtures for pytest: an embedded cluster for each test, or one for the whole run.

pytest loads this module through its entry point in every run where the package is installed, so a
fixture imports the brokers when it is first used.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from kafka.testing.embedded import EmbeddedCluster

_HAS_FAILED = pytest.StashKey[bool]()
_SESSION = frozenset({"kafka_session_cluster", "kafka_session_bootstrap_servers"})


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark ``kafka`` with pytest."""
    config.addinivalue_line(
        "markers",
        "kafka(brokers=1, **options): arguments of the EmbeddedCluster that the fixture "
        "kafka_cluster starts for this test",
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail a test whose mark would be ignored, because it takes the cluster of the whole run."""
    mark = item.get_closest_marker("kafka")
    fixtures = getattr(item, "fixturenames", ())
    if mark is not None and "kafka_cluster" not in fixtures and _SESSION.intersection(fixtures):
        pytest.fail(
            f"the mark kafka has no effect on {item.name}: it takes the cluster of the whole run, "
            "whose arguments the fixture kafka_session_options returns",
            pytrace=False,
        )


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, None]:  # Any: what pluggy sends has no public type in every pytest
    """Show the state of its clusters with a test that failed."""
    outcome = yield
    report: pytest.TestReport = outcome.get_result()
    # Whoever has a cluster has imported its module.
    embedded = sys.modules.get("kafka.testing.embedded")
    if embedded is None or not report.failed or report.when != "call":
        return
    item.stash[_HAS_FAILED] = True
    error = call.excinfo.value if call.excinfo is not None else None
    for text in getattr(error, embedded.REPORTS, ()):
        report.sections.append(("kafka cluster", text))
    for name, value in getattr(item, "funcargs", {}).items():
        if isinstance(value, embedded.EmbeddedCluster):
            try:
                text = value.report()
            except (RuntimeError, TimeoutError) as problem:
                text = f"no report: {problem}"  # it has stopped, or its loop is blocked
            report.sections.append((f"kafka cluster {name}", text))


@pytest.fixture
def kafka_cluster(request: pytest.FixtureRequest) -> Iterator[EmbeddedCluster]:
    """Start a cluster for this test alone; the mark ``kafka`` holds its arguments."""
    from kafka.testing.embedded import EmbeddedCluster  # noqa: PLC0415 - see above

    mark = request.node.get_closest_marker("kafka")
    args, options = (mark.args, mark.kwargs) if mark is not None else ((), {})
    with EmbeddedCluster(*args, **options) as cluster:
        yield cluster
        if request.node.stash.get(_HAS_FAILED, False):
            # Its report tells of the faults that never fired: one failure is enough.
            cluster.clear_faults()


@pytest.fixture
def kafka_bootstrap_servers(kafka_cluster: EmbeddedCluster) -> list[str]:
    """Return ``host:port`` of every broker of this test's cluster."""
    return kafka_cluster.bootstrap_servers


@pytest.fixture(scope="session")
def kafka_session_options() -> dict[str, object]:
    """Return the arguments of the cluster of the whole run; override it to set any."""
    return {}


@pytest.fixture(scope="session")
def kafka_session_cluster(kafka_session_options: dict[str, object]) -> Iterator[EmbeddedCluster]:
    """Start one cluster for all tests of the run; each test should use topics of its own."""
    from kafka.testing.embedded import EmbeddedCluster  # noqa: PLC0415 - see above

    # What a user's fixture returns has no type here; EmbeddedCluster checks it.
    with EmbeddedCluster(**kafka_session_options) as cluster:  # type: ignore[arg-type]
        yield cluster


@pytest.fixture(scope="session")
def kafka_session_bootstrap_servers(kafka_session_cluster: EmbeddedCluster) -> list[str]:
    """Return ``host:port`` of every broker of the cluster of the whole run."""
    return kafka_session_cluster.bootstrap_servers
