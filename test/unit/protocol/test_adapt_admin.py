"""The shapes of older versions of the admin client's APIs."""

import pytest

from kafka.errors import UnsupportedVersionError
from kafka.protocol.adapt import adapt_request, adapt_response
from kafka.protocol.messages.delete_acls import DeleteAclsRequest
from kafka.protocol.messages.describe_acls import DescribeAclsRequest
from kafka.protocol.messages.describe_configs import DescribeConfigsResponse
from kafka.protocol.messages.list_config_resources import ListConfigResourcesRequest
from kafka.protocol.messages.update_features import UpdateFeaturesRequest

CLIENT_METRICS = 16


def described(resource_type: int, *, is_default: bool) -> DescribeConfigsResponse:
    config = DescribeConfigsResponse.DescribeConfigsResourceResult(is_default=is_default)
    return DescribeConfigsResponse(
        results=[
            DescribeConfigsResponse.DescribeConfigsResult(
                resource_type=resource_type, configs=[config]
            )
        ]
    )


def test_the_first_list_of_config_resources_is_one_of_client_metrics() -> None:
    request = ListConfigResourcesRequest(resource_types=[CLIENT_METRICS])
    adapted = adapt_request(request, 0)
    assert isinstance(adapted, ListConfigResourcesRequest)
    assert adapted.resource_types == []
    assert request.resource_types == [CLIENT_METRICS]
    assert adapt_request(request, 1) is request


@pytest.mark.parametrize("types", [[], [2], [2, CLIENT_METRICS]])
def test_other_config_resources_need_a_newer_broker(types: list[int]) -> None:
    request = ListConfigResourcesRequest(resource_types=types)
    with pytest.raises(UnsupportedVersionError, match=r"other types need version 1, .* of 4\.1"):
        adapt_request(request, 0)
    assert adapt_request(request, 1) is request


@pytest.mark.parametrize(("upgrade_type", "allowed"), [(1, False), (2, True), (3, True)])
def test_the_first_update_of_features_says_by_a_flag_whether_to_lower(
    upgrade_type: int, allowed: bool
) -> None:
    update = UpdateFeaturesRequest.FeatureUpdateKey(feature="f", upgrade_type=upgrade_type)
    request = UpdateFeaturesRequest(feature_updates=[update])
    adapted = adapt_request(request, 0)
    assert isinstance(adapted, UpdateFeaturesRequest)
    (sent,) = adapted.feature_updates
    assert sent.allow_downgrade is allowed
    assert UpdateFeaturesRequest.decode(adapted.encode(0), 0).feature_updates[0].feature == "f"
    assert update.upgrade_type == upgrade_type
    assert adapt_request(request, 1) is request


@pytest.mark.parametrize(
    ("resource_type", "is_default", "source"), [(2, True, 5), (2, False, 1), (4, False, 4)]
)
def test_the_first_description_of_configs_gets_the_sources_that_later_ones_name(
    resource_type: int, is_default: bool, source: int
) -> None:
    response = adapt_response(described(resource_type, is_default=is_default), 0)
    assert response.results[0].configs[0].config_source == source


def test_sources_that_a_broker_names_are_kept() -> None:
    response = adapt_response(described(2, is_default=False), 1)
    assert response.results[0].configs[0].config_source == -1


ANY, MATCH, LITERAL = 1, 2, 3


@pytest.mark.parametrize(("asked", "sent"), [(ANY, LITERAL), (LITERAL, LITERAL), (MATCH, MATCH)])
def test_any_pattern_of_acls_is_a_literal_one_where_there_are_no_others(
    asked: int, sent: int
) -> None:
    described = DescribeAclsRequest(pattern_type_filter=asked)
    wanted = DeleteAclsRequest.DeleteAclsFilter(pattern_type_filter=asked)
    deleted = DeleteAclsRequest(filters=[wanted])
    adapted = adapt_request(described, 0), adapt_request(deleted, 0)
    assert isinstance(adapted[0], DescribeAclsRequest)
    assert isinstance(adapted[1], DeleteAclsRequest)
    assert adapted[0].pattern_type_filter == adapted[1].filters[0].pattern_type_filter == sent
    assert (described.pattern_type_filter, wanted.pattern_type_filter) == (asked, asked)
    assert adapt_request(described, 1) is described
    assert adapt_request(deleted, 1) is deleted


def test_patterns_that_match_a_name_need_a_newer_broker() -> None:
    with pytest.raises(UnsupportedVersionError, match="pattern_type_filter"):
        adapt_request(DescribeAclsRequest(pattern_type_filter=MATCH), 0).encode(0)
