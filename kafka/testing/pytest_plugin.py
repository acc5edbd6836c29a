"""Fixtures for pytest: an embedded cluster for each test, or one for the whole run.

pytest loads this module through its entry point in every run where the package is installed, so a
fixture imports the brokers when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kafka.testing.embedded import EmbeddedCluster


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark ``kafka`` with pytest."""
    config.addinivalue_line(
        "markers",
        "kafka(brokers=1, **options): arguments of the EmbeddedCluster that the fixture "
        "kafka_cluster starts for this test",
    )


@pytest.fixture
def kafka_cluster(request: pytest.FixtureRequest) -> Iterator[EmbeddedCluster]:
    """Start a cluster for this test alone; the mark ``kafka`` holds its arguments."""
    from kafka.testing.embedded import EmbeddedCluster  # noqa: PLC0415 - see above

    mark = request.node.get_closest_marker("kafka")
    args, options = (mark.args, mark.kwargs) if mark is not None else ((), {})
    with EmbeddedCluster(*args, **options) as cluster:
        yield cluster


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
