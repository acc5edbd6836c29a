"""Requests of users' own making, written with the types of kafka-python 2.x."""

from __future__ import annotations

import pytest

from kafka.client_async import KafkaClient
from kafka.testing import EmbeddedCluster
from test.support.own_requests import expected, tell_all


@pytest.mark.parametrize("release", ["2.8", "4.4"])
def test_requests_that_users_write_are_sent_and_answered(release: str) -> None:
    with (
        EmbeddedCluster(version=release, topics={"orders": 1}) as cluster,
        KafkaClient(bootstrap_servers=cluster.bootstrap_servers) as client,
    ):
        assert tell_all(client, "orders") == expected("orders")
