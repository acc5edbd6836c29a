"""The table of what each release speaks: no row contradicts another or the messages."""

from __future__ import annotations

from itertools import pairwise

import pytest

from kafka.protocol._releases import RELEASES
from kafka.protocol.messages import MODULES
from test.support.messages import message_classes

Row = tuple[tuple[int, ...], int, int]
REQUESTS = {cls.API_KEY: cls for name, cls in message_classes().items() if name.endswith("Request")}


def rows(api_key: int) -> list[Row]:
    found = []
    for word in RELEASES[api_key].split():
        release, versions = word.split(":")
        low, high = map(int, versions.split("-"))
        found.append((tuple(map(int, release.split("."))), low, high))
    return found


def test_every_api_of_the_client_has_a_row() -> None:
    assert set(RELEASES) == set(MODULES)


@pytest.mark.parametrize("api_key", RELEASES)
def test_releases_come_in_order_and_each_changes_the_range(api_key: int) -> None:
    found = rows(api_key)
    releases = [release for release, _, _ in found]
    assert releases == sorted(set(releases))
    spans = [(low, high) for _, low, high in found]
    assert all(before != after for before, after in pairwise(spans))


@pytest.mark.parametrize("api_key", RELEASES)
def test_no_release_gave_up_its_newest_version(api_key: int) -> None:
    highest = [high for _, _, high in rows(api_key)]
    assert highest == sorted(highest)
    assert all(low <= high for _, low, high in rows(api_key))


def test_the_newest_version_of_a_message_is_that_of_the_newest_release() -> None:
    newest = {api_key: rows(api_key)[-1][2] for api_key in RELEASES}
    differing = {
        api_key: (high, REQUESTS[api_key].VERSIONS.max)
        for api_key, high in newest.items()
        if high != REQUESTS[api_key].VERSIONS.max
    }
    # KIP-939: brokers do not offer version 6 of InitProducerId unless unstable APIs are enabled.
    assert differing == {22: (5, 6)}


@pytest.mark.parametrize("api_key", RELEASES)
def test_the_messages_still_have_the_lowest_version_of_every_release(api_key: int) -> None:
    assert all(low in REQUESTS[api_key].VERSIONS for _, low, _ in rows(api_key))
