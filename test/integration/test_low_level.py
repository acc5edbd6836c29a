"""Fifteen ways to use `KafkaClient` and `BrokerConnection`, with real brokers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from test.broker.test_client_patterns import EXPECTED
from test.support.apache_kafka import KafkaCluster
from test.support.client_patterns import PATTERNS, TOPIC, outcome_of

#: What 0.8.2.2 is too old for, by the error that says so. It has no controller, so that a program
#: which takes one apart fails by itself.
TOO_OLD = {
    2: "TypeError: cannot unpack non-iterable NoneType object",
    3: "UnsupportedVersionError",
    4: "UnsupportedVersionError",
    5: "UnsupportedVersionError",
    7: "UnsupportedVersionError",
    14: "UnsupportedVersionError",
}
OF_0_8: dict[int, Any] = {6: [0, 0, 0], 11: [0, 0, True]}


@pytest.fixture(scope="module", params=["newest", "2.8.2", "0.8.2.2"])
def patterned(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """A release, and the address of a broker of it."""
    if request.param == "newest":
        shared: KafkaCluster = request.getfixturevalue("kafka")
        shared.create_topic(TOPIC)
        yield request.getfixturevalue("kafka_version"), shared.bootstrap_servers[0]
        return
    with KafkaCluster(request.param) as cluster:
        cluster.create_topic(TOPIC)
        yield request.param, cluster.bootstrap_servers[0]


@pytest.mark.ladder
@pytest.mark.parametrize("number", PATTERNS)
def test_a_pattern_has_its_result_or_an_error_that_says_why_not(
    patterned: tuple[str, str], number: int
) -> None:
    version, servers = patterned
    outcome = outcome_of(number, servers)
    if version.startswith("0.8") and number in TOO_OLD:
        assert outcome.startswith(TOO_OLD[number])
        return
    of_release: dict[int, Any] = {8: [[int(part) for part in version.split(".")[:2]]]}
    if version.startswith("0.8"):
        of_release |= OF_0_8
        if number == 10:
            assert outcome[0] == "NodeNotReadyError"
            return
    assert outcome == (EXPECTED | of_release)[number]
