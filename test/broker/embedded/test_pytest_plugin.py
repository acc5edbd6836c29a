"""The fixtures, in a pytest of their own."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]

_TESTS = """
import socket

import pytest


def serves(address):
    host, _, port = address.rpartition(":")
    socket.create_connection((host, int(port)), 5.0).close()


def test_a_cluster(kafka_cluster, kafka_bootstrap_servers):
    assert kafka_bootstrap_servers == kafka_cluster.bootstrap_servers
    serves(kafka_bootstrap_servers[0])


@pytest.mark.kafka(brokers=3, topics={"orders": 2})
def test_a_cluster_as_marked(kafka_cluster):
    assert len(kafka_cluster.bootstrap_servers) == 3


first = []


@pytest.mark.parametrize("turn", range(2))
def test_one_for_all(turn, kafka_session_cluster, kafka_session_bootstrap_servers):
    serves(kafka_session_bootstrap_servers[0])
    first.append(kafka_session_cluster)
    assert kafka_session_cluster is first[0]
"""
_OPTIONS = """
import pytest


@pytest.fixture(scope="session")
def kafka_session_options():
    return {"brokers": 2}
"""


@pytest.fixture
def fixtures(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini("[pytest]\nfilterwarnings = error\naddopts = --strict-markers")
    return pytester


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    # The entry point may or may not be installed: name it, which loads it once in both cases.
    return pytester.runpytest_subprocess("-p", "kafka.testing.pytest_plugin", *arguments)


def test_the_fixtures_start_clusters(fixtures: pytest.Pytester) -> None:
    fixtures.makepyfile(_TESTS)
    run(fixtures).assert_outcomes(passed=4)


def test_the_cluster_of_the_run_can_have_options(fixtures: pytest.Pytester) -> None:
    fixtures.makeconftest(_OPTIONS)
    fixtures.makepyfile(
        "def test_it(kafka_session_bootstrap_servers):\n"
        "    assert len(kafka_session_bootstrap_servers) == 2\n"
    )
    run(fixtures).assert_outcomes(passed=1)


def test_arguments_that_cannot_be_fail_the_test(fixtures: pytest.Pytester) -> None:
    fixtures.makepyfile(
        "import pytest\n"
        "@pytest.mark.kafka(brokers=0)\n"
        "def test_it(kafka_cluster):\n"
        "    raise SystemExit\n"
    )
    run(fixtures).assert_outcomes(errors=1)


def test_a_mark_that_the_cluster_of_the_run_would_ignore_fails_the_test(
    fixtures: pytest.Pytester,
) -> None:
    fixtures.makepyfile(
        "import pytest\n"
        "pytestmark = pytest.mark.kafka(brokers=3)\n"
        "def test_session(kafka_session_bootstrap_servers):\n"
        "    pass\n"
        "def test_own(kafka_bootstrap_servers):\n"
        "    assert len(kafka_bootstrap_servers) == 3\n"
        "def test_none():\n"
        "    pass\n"
    )
    result = run(fixtures)
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*the mark kafka has no effect on test_session*"])


def test_a_test_that_fails_shows_its_clusters(fixtures: pytest.Pytester) -> None:
    fixtures.makepyfile(
        """
        import pytest
        from kafka.testing import EmbeddedCluster

        @pytest.mark.kafka(topics={"orders": 1})
        def test_fixture(kafka_cluster):
            kafka_cluster.append("orders", b"v")
            kafka_cluster.fail("Produce", "NOT_LEADER_OR_FOLLOWER")
            raise LookupError

        def test_block():
            with EmbeddedCluster(topics={"payments": 1}) as cluster:
                raise LookupError

        def test_passes(kafka_cluster):
            pass
        """
    )
    result = run(fixtures, "-p", "no:randomly")
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*- kafka cluster kafka_cluster -*",
            "topics:",
            "  orders: [[]0] 0..1 leader=0",
            "  Produce NotLeaderForPartitionError",
            "*- kafka cluster -*",
            "  payments: [[]0] 0..0 leader=0",
        ]
    )


def test_a_fault_that_never_fired_fails_the_test_that_ordered_it(
    fixtures: pytest.Pytester,
) -> None:
    fixtures.makepyfile(
        "def test_it(kafka_cluster):\n    kafka_cluster.fail('Produce', 'NOT_LEADER_OR_FOLLOWER')\n"
    )
    result = run(fixtures)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*faults that never fired*Produce NotLeaderForPartitionError*"])


def test_loading_the_plugin_imports_no_broker_and_no_client() -> None:
    code = (
        "import sys, kafka.testing.pytest_plugin\n"
        "print([name for name in sys.modules if name.startswith(('kafka.testing.broker',"
        " 'kafka.testing.embedded', 'kafka.protocol', 'kafka.net', 'asyncio'))])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    assert shown.stdout == "[]\n"
