"""Fifteen ways in which programs use the low-level classes, with the results of kafka-python 2.x.

The expected values are what 2.0.2 and 2.3.3 print for the same file and the same broker, but for
two: they call each of these brokers 2.5 or 2.6, and 2.3.3 lists no topics after an update.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kafka.testing import EmbeddedCluster
from test.support.client_patterns import PATTERNS, TOPIC, outcome_of

UP = [True, 1, True, "127.0.0.1", True, None]
EXPECTED: dict[int, Any] = {
    1: True,
    2: UP,
    3: [1, TOPIC],
    4: [TOPIC, 36],
    5: TOPIC,
    6: [0, 1, 0, 0],
    7: [0, []],
    9: [True, True],
    10: ["NodeNotReadyError", True],
    11: [0, 3, True],
    12: ["00000001000174", True, TOPIC, [[TOPIC, [0, 1]]]],
    13: ["<disconnected>", "<connected>", "<disconnected>"],
    14: [0, TOPIC, ["cleanup.policy", "delete"]],
    15: [True, True, [TOPIC]],
}


@pytest.fixture(scope="module", params=["2.8", "4.4"])
def broker(request: pytest.FixtureRequest) -> Iterator[tuple[str, list[int]]]:
    """A broker's address, and its release."""
    with EmbeddedCluster(version=request.param, topics={TOPIC: 1}) as cluster:
        yield cluster.bootstrap_servers[0], [int(part) for part in request.param.split(".")]


@pytest.mark.parametrize("number", PATTERNS)
def test_a_pattern_has_the_result_that_it_had_with_kafka_python_2(
    broker: tuple[str, list[int]], number: int
) -> None:
    servers, release = broker
    assert outcome_of(number, servers) == (EXPECTED | {8: [release]})[number]
