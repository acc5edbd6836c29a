"""APIs in other versions than those of the release."""

from __future__ import annotations

import pytest

from kafka.protocol.messages.fetch import FetchRequest
from kafka.protocol.messages.list_groups import ListGroupsRequest
from kafka.protocol.messages.share_fetch import ShareFetchRequest
from kafka.testing.broker.api_ranges import checked_ranges, with_ranges
from kafka.testing.broker.handlers import api_table
from kafka.testing.broker.versions import release

OLD = release("0.11")


def test_an_api_gets_the_versions_asked_for() -> None:
    found = with_ranges(api_table(OLD), {FetchRequest: (2, 3)})
    assert found[FetchRequest.API_KEY][2:] == (2, 3)


def test_an_api_is_taken_away() -> None:
    assert ListGroupsRequest.API_KEY not in with_ranges(api_table(OLD), {ListGroupsRequest: None})


@pytest.mark.parametrize("span", [(-1, 3), (3, 2), (0, 99)])
def test_versions_nobody_knows_are_refused(span: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="Fetch has the versions"):
        checked_ranges({FetchRequest: span}, OLD)


def test_an_api_the_release_does_not_serve_is_refused() -> None:
    with pytest.raises(ValueError, match=r"0\.11 cluster does not serve ShareFetch"):
        checked_ranges({ShareFetchRequest: (1, 1)}, OLD)
