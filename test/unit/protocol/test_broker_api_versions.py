"""What each release of Apache Kafka speaks, as kafka-python 2.3 tells it."""

from __future__ import annotations

from kafka.protocol.broker_api_versions import BROKER_API_VERSIONS


def test_each_release_that_brought_a_version_has_its_ranges():
    releases = list(BROKER_API_VERSIONS)
    assert releases == sorted(releases)
    assert (releases[0], releases[-1]) == ((0, 8, 0), (4, 4))
    assert BROKER_API_VERSIONS[(2, 3)][3] == (0, 8)
    assert BROKER_API_VERSIONS[(4, 0)][0] == (3, 12)
    assert 18 not in BROKER_API_VERSIONS[(0, 9)]
