"""Which protocol a group speaks."""

from __future__ import annotations

import pytest

from kafka.coordinator.group_protocol import choose_member_id, choose_protocol
from kafka.protocol.api_versions import ApiVersions


@pytest.mark.parametrize("asked", ["classic", "consumer"])
@pytest.mark.parametrize("level", [None, 0, 1])
def test_protocol_that_is_asked_for_is_taken(asked: str, level: int | None) -> None:
    features = {} if level is None else {"group.version": level}
    assert choose_protocol(asked, features) == (asked, f"group_protocol is {asked!r}")


@pytest.mark.parametrize(
    ("features", "protocol", "found"),
    [
        ({"metadata.version": 21}, "classic", "no feature group.version"),
        ({"group.version": 0}, "classic", "group.version is 0"),
        ({"group.version": 1}, "consumer", "group.version is 1"),
        ({"group.version": 2}, "consumer", "group.version is 2"),
    ],
)
def test_auto_takes_what_the_whole_cluster_speaks(
    features: dict[str, int], protocol: str, found: str
) -> None:
    choice = choose_protocol("auto", features)
    assert choice.protocol == protocol
    assert found in choice.why


@pytest.mark.parametrize(("highest", "member_id"), [(None, ""), (0, ""), (1, "made"), (2, "made")])
def test_member_id_is_made_by_the_client_where_brokers_take_it(
    highest: int | None, member_id: str
) -> None:
    versions = ApiVersions({} if highest is None else {68: (0, highest)})
    assert choose_member_id(versions, "made") == member_id
