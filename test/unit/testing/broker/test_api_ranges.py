"""APIs in other versions than those of the release."""

from __future__ import annotations

import pytest

from kafka.errors import UnsupportedVersionError
from kafka.protocol.messages.fetch import FetchRequest
from kafka.protocol.messages.list_groups import ListGroupsRequest
from kafka.protocol.messages.share_fetch import ShareFetchRequest
from kafka.testing.broker.api_modules import api_table
from kafka.testing.broker.api_ranges import (
    Api,
    advertised,
    checked_ranges,
    unsupported_version_response,
    with_ranges,
)
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
        checked_ranges({FetchRequest: span}, api_table(OLD), OLD)


def test_an_api_the_release_does_not_serve_is_refused() -> None:
    with pytest.raises(ValueError, match=r"0\.11 cluster does not serve ShareFetch"):
        checked_ranges({ShareFetchRequest: (1, 1)}, api_table(OLD), OLD)


def test_apis_are_advertised_in_the_order_of_the_table() -> None:
    apis = [Api(18, "api_versions", 0, 4), Api(3, "metadata", 1, 9)]
    found = [(key.api_key, key.min_version, key.max_version) for key in advertised(apis)]
    assert found == [(18, 0, 4), (3, 1, 9)]


@pytest.mark.parametrize("tells_range", [True, False])
def test_an_unknown_version_of_api_versions_is_answered_with_those_there_are(
    tells_range: bool,
) -> None:
    api = Api(18, "api_versions", 0, 4)
    response = unsupported_version_response(api, tells_range=tells_range)
    assert response.error_code == UnsupportedVersionError.errno
    assert response.api_keys == (advertised([api]) if tells_range else [])
