"""Requests as users of kafka-python 2.x write them themselves, with the types of the mini-language.

Quotas, reassignments and an older DescribeConfigs: what tools that manage clusters have needed
before kafka-python had it. Two of them have compact arrays and tagged fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kafka.protocol.api import Request, Response
from kafka.protocol.types import (
    Array,
    Boolean,
    CompactArray,
    CompactString,
    Float64,
    Int8,
    Int16,
    Int32,
    Schema,
    String,
    TaggedFields,
)

if TYPE_CHECKING:
    from kafka.client_async import KafkaClient

TEXT = String("utf-8")
ENTITY = Array(("entity_type", TEXT), ("entity_name", TEXT))


class DescribeConfigsResponseV1(Response):
    API_KEY = 32
    API_VERSION = 1
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "resources",
            Array(
                ("error_code", Int16),
                ("error_message", TEXT),
                ("resource_type", Int8),
                ("resource_name", TEXT),
                (
                    "config_entries",
                    Array(
                        ("config_name", TEXT),
                        ("config_value", TEXT),
                        ("read_only", Boolean),
                        ("config_source", Int8),
                        ("is_sensitive", Boolean),
                        ("synonyms", Array(("name", TEXT), ("value", TEXT), ("source", Int8))),
                    ),
                ),
            ),
        ),
    )


class DescribeConfigsRequestV1(Request):
    API_KEY = 32
    API_VERSION = 1
    RESPONSE_TYPE = DescribeConfigsResponseV1
    SCHEMA = Schema(
        ("resources", Array(("kind", Int8), ("name", TEXT), ("config_names", Array(TEXT)))),
        ("include_synonyms", Boolean),
    )


class DescribeQuotasResponse(Response):
    API_KEY = 48
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        ("error_message", TEXT),
        (
            "entries",
            Array(("entity", ENTITY), ("values", Array(("key", TEXT), ("value", Float64)))),
        ),
    )


class DescribeQuotasRequest(Request):
    API_KEY = 48
    API_VERSION = 0
    RESPONSE_TYPE = DescribeQuotasResponse
    SCHEMA = Schema(
        ("components", Array(("entity_type", TEXT), ("match_type", Int8), ("match", TEXT))),
        ("strict", Boolean),
    )


class AlterQuotasResponse(Response):
    API_KEY = 49
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("entries", Array(("error_code", Int16), ("error_message", TEXT), ("entity", ENTITY))),
    )


class AlterQuotasRequest(Request):
    API_KEY = 49
    API_VERSION = 0
    RESPONSE_TYPE = AlterQuotasResponse
    SCHEMA = Schema(
        (
            "entries",
            Array(
                ("entity", ENTITY),
                ("ops", Array(("key", TEXT), ("value", Float64), ("remove", Boolean))),
            ),
        ),
        ("validate_only", Boolean),
    )


TAGS = ("tags", TaggedFields)


class AlterReassignmentsResponse(Response):
    API_KEY = 45
    API_VERSION = 0
    FLEXIBLE_VERSION = True
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        ("error_message", CompactString("utf-8")),
        (
            "responses",
            CompactArray(
                ("name", CompactString("utf-8")),
                (
                    "partitions",
                    CompactArray(
                        ("index", Int32),
                        ("error_code", Int16),
                        ("error_message", CompactString("utf-8")),
                        TAGS,
                    ),
                ),
                TAGS,
            ),
        ),
        TAGS,
    )


class AlterReassignmentsRequest(Request):
    API_KEY = 45
    API_VERSION = 0
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = AlterReassignmentsResponse
    SCHEMA = Schema(
        ("timeout_ms", Int32),
        (
            "topics",
            CompactArray(
                ("name", CompactString("utf-8")),
                (
                    "partitions",
                    CompactArray(("index", Int32), ("replicas", CompactArray(Int32)), TAGS),
                ),
                TAGS,
            ),
        ),
        TAGS,
    )


class ListReassignmentsResponse(Response):
    API_KEY = 46
    API_VERSION = 0
    FLEXIBLE_VERSION = True
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        ("error_message", CompactString("utf-8")),
        (
            "topics",
            CompactArray(
                ("name", CompactString("utf-8")),
                (
                    "partitions",
                    CompactArray(
                        ("index", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("adding", CompactArray(Int32)),
                        ("removing", CompactArray(Int32)),
                        TAGS,
                    ),
                ),
                TAGS,
            ),
        ),
        TAGS,
    )


class ListReassignmentsRequest(Request):
    API_KEY = 46
    API_VERSION = 0
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = ListReassignmentsResponse
    SCHEMA = Schema(
        ("timeout_ms", Int32),
        (
            "topics",
            CompactArray(
                ("name", CompactString("utf-8")), ("partitions", CompactArray(Int32)), TAGS
            ),
        ),
        TAGS,
    )


# Any: the class of the response is the request's.
def ask(client: KafkaClient, node: Any, request: Request) -> Any:
    """Send *request* to a node and return the response."""
    future = client.send(node, request)
    client.poll(future=future)
    assert future.succeeded(), future.exception
    assert isinstance(future.value, request.RESPONSE_TYPE)
    return future.value


def controller_of(client: KafkaClient) -> Any:
    """Return the node that takes orders, connected."""
    client.poll(future=client.cluster.request_update())
    node = client.cluster.controller.nodeId
    while not client.ready(node):
        client.poll(timeout_ms=100)
    return node


def tell_all(client: KafkaClient, topic: str) -> dict[str, Any]:
    """Return what the broker answers to each of the five, about *topic* of one partition."""
    node = controller_of(client)
    entity = [("client-id", topic)]
    rate = ("consumer_byte_rate", 4096.0, False)
    configs = ask(client, node, DescribeConfigsRequestV1([(2, topic, ["retention.ms"])], True))
    altered = ask(client, node, AlterQuotasRequest([(entity, [rate])], False))
    filtered = [("client-id", 0, topic)]
    while not (found := ask(client, node, DescribeQuotasRequest(filtered, True)).entries):
        client.poll(timeout_ms=50)  # brokers learn of it from their controller
    partition = [(0, None, {})]
    moved = ask(client, node, AlterReassignmentsRequest(5000, [(topic, partition, {})], {}))
    moving = ask(client, node, ListReassignmentsRequest(5000, [(topic, [0], {})], {}))
    return {
        "configs": [(entry[0], entry[3]) for entry in configs.resources[0][4]],
        "altered": altered.entries,
        "quotas": found,
        "moved": [(name, [p[:2] for p in found]) for name, found, _ in moved.responses],
        "moving": moving.topics,
    }


def expected(topic: str) -> dict[str, Any]:
    """Return what `tell_all` finds."""
    entity = [("client-id", topic)]
    no_reassignment = 85
    return {
        "configs": [("retention.ms", 5)],
        "altered": [(0, None, entity)],
        "quotas": [(entity, [("consumer_byte_rate", 4096.0)])],
        "moved": [(topic, [(0, no_reassignment)])],
        "moving": [],
    }
