"""What a release of Apache Kafka speaks, as kafka-python 3.x tells it."""

from __future__ import annotations

import pytest

from kafka.errors import IncompatibleBrokerVersion, UnrecognizedBrokerVersion
from kafka.protocol.broker_version_data import (
    BrokerVersionData,
    infer_broker_version_from_api_versions,
)
from kafka.protocol.metadata import MetadataRequest


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ((2, 3), (2, 3)),
        ((2, 3, 1), (2, 3)),
        ((9, 9), (4, 4)),
        ((0, 8, 2, 2), (0, 8, 2)),
        ((0, 11), (0, 11, 0)),
        ((3, 4), (3, 3)),  # brought no version
    ],
)
def test_release_is_the_newest_known_one_up_to_that_given(given, known):
    assert BrokerVersionData(given).broker_version == known


def test_versions_are_those_of_the_release_unless_they_are_given():
    assert BrokerVersionData((2, 3)).api_versions[3] == (0, 8)
    both = BrokerVersionData((2, 3), {3: (0, 5)})
    assert both.api_versions == {3: (0, 5)}
    assert both.broker_version == (2, 3)


def test_release_is_what_the_versions_prove():
    ranges = BrokerVersionData((2, 8)).api_versions
    assert BrokerVersionData(api_versions=ranges).broker_version == (2, 8)
    assert infer_broker_version_from_api_versions(ranges) == (2, 8)


def test_neither_is_an_error_and_so_is_a_release_before_0_8():
    with pytest.raises(ValueError, match="needs broker_version, api_versions or both"):
        BrokerVersionData()
    with pytest.raises(UnrecognizedBrokerVersion, match=r"\(0, 7\)"):
        BrokerVersionData((0, 7))


def test_version_of_a_request_is_the_highest_of_both_sides():
    data = BrokerVersionData((2, 3))
    assert data.api_version(MetadataRequest) == 8
    assert data.api_version(MetadataRequest, max_version=4) == 4
    assert BrokerVersionData((4, 4)).api_version(MetadataRequest) == 13
    with pytest.raises(IncompatibleBrokerVersion, match=r"version 9 to 13 is wanted, .* 0 to 8"):
        data.api_version(MetadataRequest, min_version=9)
    with pytest.raises(IncompatibleBrokerVersion, match="does not know it"):
        BrokerVersionData(api_versions={0: (0, 2)}).api_version(MetadataRequest)


def test_releases_are_compared_and_shown():
    old, new = BrokerVersionData((2, 3)), BrokerVersionData((2, 4))
    assert old < new
    assert new >= old
    assert old == BrokerVersionData((2, 3, 1))
    assert len({old, new, BrokerVersionData((2, 3))}) == 2
    assert old != (2, 3)
    assert repr(old) == str(old) == "<BrokerVersionData 2.3>"
    assert old.broker_version_str == "2.3"


def test_what_is_no_release_is_refused_and_compares_with_none():
    with pytest.raises(TypeError, match=r"a tuple such as \(2, 5\), not '2.5'"):
        BrokerVersionData("2.5")
    with pytest.raises(TypeError, match="not supported between instances"):
        assert BrokerVersionData((2, 5)) < (2, 6)
    assert BrokerVersionData((2, 5)) < BrokerVersionData((2, 6))
