"""The releases that a cluster can imitate."""

from __future__ import annotations

import pytest

from kafka.protocol._releases import RELEASES as CLIENT_RELEASES
from kafka.protocol.api_versions import ApiVersions
from kafka.testing.broker.versions import RELEASES, Feature, release

NAMES = list(RELEASES)
# KAFKA-18659: librdkafka refused a broker that did not offer the oldest versions.
OFFERED_FOR_LIBRDKAFKA = {0}


def numbers(name: str) -> tuple[int, ...]:
    return tuple(map(int, name.split(".")))


def test_releases_are_found_by_name_from_the_oldest_to_the_newest() -> None:
    assert [release(name).name for name in NAMES] == NAMES
    assert sorted(NAMES, key=numbers) == NAMES


@pytest.mark.parametrize("name", ["", "4", "4.4.0", "0.10"])
def test_any_other_release_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(ValueError, match=r"the embedded cluster can be 0\.11, 1\.1, 2\.8, 3\.9, 4"):
        release(name)


@pytest.mark.parametrize("name", NAMES)
def test_ranges_are_those_of_the_client_s_own_table(name: str) -> None:
    known = ApiVersions.for_broker_version(numbers(name))
    for key, (api, low, high) in release(name).ranges().items():
        if key in CLIENT_RELEASES:
            expected = known.range_of(key)
            assert expected is not None, api
            lowest = 0 if key in OFFERED_FOR_LIBRDKAFKA else expected[0]
            assert (low, high) == (lowest, expected[1]), api


@pytest.mark.parametrize("name", NAMES)
def test_every_api_that_the_client_expects_of_a_release_is_there(name: str) -> None:
    known = ApiVersions.for_broker_version(numbers(name))
    expected = {key for key in CLIENT_RELEASES if known.range_of(key) is not None}
    assert expected <= set(release(name).ranges())


def test_the_name_of_an_api_is_the_same_in_every_release() -> None:
    names: dict[int, set[str]] = {}
    for found in RELEASES.values():
        for key, (api, low, high) in found.ranges().items():
            names.setdefault(key, set()).add(api)
            assert 0 <= low <= high
    assert {len(found) for found in names.values()} == {1}


@pytest.mark.parametrize(
    ("name", "kraft", "tells_range", "new_coordinator"),
    [
        ("0.11", False, False, False),
        ("1.1", False, False, False),
        ("2.8", False, True, False),
        ("3.9", True, True, False),
        ("4.4", True, True, True),
    ],
)
def test_what_differs_between_releases_on_the_wire(
    name: str, kraft: bool, tells_range: bool, new_coordinator: bool
) -> None:
    found = release(name)
    assert (found.kraft, found.api_versions_range, found.new_coordinator) == (
        kraft,
        tells_range,
        new_coordinator,
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_feature_in_force_is_one_that_is_supported(name: str) -> None:
    for feature, levels in release(name).features.items():
        assert isinstance(levels, Feature)
        assert levels.finalized == 0 or levels.minimum <= levels.finalized <= levels.maximum, (
            feature
        )


def test_features_came_with_kraft() -> None:
    assert [bool(release(name).features) for name in NAMES] == [
        release(name).kraft for name in NAMES
    ]
