"""Whom is asked about which configs, and what the answers mean."""

from __future__ import annotations

from kafka.admin.config_resource import ConfigResourceType
from kafka.admin.operation import ANY, ANY_ONCE, Answer
from kafka.admin.operations.config_changes import AlterConfigs
from kafka.admin.operations.configs import DescribeConfigs, ResourceKey
from kafka.cluster import ClusterSnapshot
from kafka.errors import TopicAuthorizationFailedError, UnknownTopicOrPartitionError
from kafka.errors.verdict import Verdict, verdict_for
from kafka.protocol.messages.describe_configs import DescribeConfigsResponse
from kafka.structs import BrokerMetadata

TIMEOUT_MS = 1000
ORDERS = ResourceKey(ConfigResourceType.TOPIC, "orders")
BILLS = ResourceKey(ConfigResourceType.TOPIC, "bills")
NODE_7 = ResourceKey(ConfigResourceType.BROKER, "7")
LOGGERS_7 = ResourceKey(ConfigResourceType.BROKER_LOGGER, "7")
ALL_BROKERS = ResourceKey(ConfigResourceType.BROKER, "")
SNAPSHOT = ClusterSnapshot(brokers={7: BrokerMetadata(7, "h", 1, None)})


def test_a_broker_is_asked_about_itself_and_any_about_the_rest() -> None:
    lookup = DescribeConfigs.lookup
    for key in (NODE_7, LOGGERS_7):
        assert lookup.fixed(key) is None
        assert lookup.cached(key, SNAPSHOT) == 7
    for key in (ORDERS, ALL_BROKERS, ResourceKey(ConfigResourceType.GROUP, "g")):
        assert lookup.fixed(key) == ANY


def test_a_change_is_not_sent_to_two_brokers() -> None:
    assert AlterConfigs.lookup.fixed(ORDERS) == ANY_ONCE


def test_a_topic_that_is_not_there_is_not_asked_for_again() -> None:
    for operation in (DescribeConfigs, AlterConfigs):
        assert verdict_for(UnknownTopicOrPartitionError, operation.verdicts) is Verdict.FATAL


def test_resources_that_share_a_node_share_a_request() -> None:
    asked = DescribeConfigs(
        {ORDERS: None, BILLS: ["retention.ms"]}, include_synonyms=True, include_documentation=False
    )
    request = asked.build([ORDERS, BILLS], TIMEOUT_MS)
    assert [
        (each.resource_type, each.resource_name, each.configuration_keys)
        for each in request.resources
    ] == [(2, "orders", None), (2, "bills", ["retention.ms"])]
    assert request.include_synonyms
    assert not request.include_documentation


def test_each_resource_has_its_configs_or_its_error() -> None:
    result = DescribeConfigsResponse.DescribeConfigsResult
    orders = result(resource_type=2, resource_name="orders", error_message=None)
    bills = result(resource_type=2, resource_name="bills", error_code=29, error_message="no")
    asked = DescribeConfigs({}, include_synonyms=False, include_documentation=False)
    found = asked.read(Answer(DescribeConfigsResponse(results=[bills, orders]), 7), [ORDERS, BILLS])
    assert found[ORDERS] is orders
    assert isinstance(found[BILLS], TopicAuthorizationFailedError)
    assert "topic bills: no (DescribeConfigs, node 7)" in str(found[BILLS])


def test_keys_read_as_words() -> None:
    assert [str(key) for key in (ORDERS, NODE_7, LOGGERS_7, ALL_BROKERS)] == [
        "topic orders",
        "broker 7",
        "broker logger 7",
        "all brokers",
    ]
