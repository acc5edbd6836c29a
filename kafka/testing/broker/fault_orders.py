"""Check the faults that a test orders: refuse one that could never fire, or that no broker shows.

Pure. Requests and errors may be given by Kafka's names. What a fault says about the cluster (node,
topic, partition) must be there when it is ordered.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

from kafka.errors import KafkaProtocolError, UnsupportedVersionError
from kafka.protocol.fields import Kind
from kafka.protocol.schema import Message
from kafka.testing.broker.faults import (
    FORGOTTEN,
    TOPIC_FIELDS,
    Action,
    Answer,
    Delay,
    Fail,
    Garbage,
    Throttle,
    WrongCorrelationId,
)
from kafka.testing.broker.names import error_named
from kafka.testing.broker.wire import request_type

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from kafka.protocol.fields import Struct
    from kafka.testing.broker.api_ranges import Api
    from kafka.testing.broker.cluster import Cluster
    from kafka.testing.broker.faults import Rule
    from kafka.testing.broker.wire import AnyRequest

# Requests that ask for topics that need not be there.
_ASK_FOR_ANY_TOPIC = frozenset({"CreateTopics", "Metadata", "DescribeTopicPartitions"})
# Lists of texts that name nothing a fault could be for.
_NO_NAMES = frozenset({"protocols", "types_filter", "states_filter", "state_filters", "listeners"})
_CORRELATION_IDS = 1 << 31


def check_rule(rule: Rule, cluster: Cluster, apis: Mapping[int, Api]) -> None:
    """Let a rule through that can fire.

    Args:
        rule: the fault.
        cluster: its nodes and topics.
        apis: what the brokers serve, by API key.

    Raises:
        TypeError: a value is of a wrong kind.
        ValueError: a value is none that the cluster has, or that makes sense.
        KafkaProtocolError: a partition is named without topic.
        UnsupportedVersionError: the brokers do not serve the API.
    """
    if rule.api.API_KEY not in apis:
        raise UnsupportedVersionError(
            f"this {cluster.release.name} cluster does not serve {rule.api.NAME}"
        )
    check_action(rule.action, rule.api)
    if rule.times is not None and (not _is_int(rule.times) or rule.times < 1):
        raise ValueError(f"times is a number of 1 or more, or None for always, not {rule.times!r}")
    check_node(rule.node_id, cluster.nodes)
    if rule.client_id is not None and not isinstance(rule.client_id, str):
        raise TypeError(f"client_id is a text, not {rule.client_id!r}")
    if rule.when is not None and not callable(rule.when):
        raise TypeError(f"when is called with the request; {rule.when!r} cannot be called")
    if rule.partition is not None and rule.topic is None:
        raise KafkaProtocolError("a fault for a partition names its topic too")
    if rule.topic is not None:
        _check_topic(rule, cluster)


def check_node(node_id: int | None, nodes: Collection[int]) -> None:
    """Let a node id through that the cluster has.

    Raises:
        ValueError: there is no such broker.
    """
    if node_id is not None and (not _is_int(node_id) or node_id not in nodes):
        raise ValueError(f"there is no broker {node_id!r}; the cluster has {sorted(nodes)}")


def _check_topic(rule: Rule, cluster: Cluster) -> None:
    kind = rule.api
    fields = _named_fields(kind.API_KEY)
    if not fields:
        raise ValueError(f"{kind.NAME} names no topics, so a fault for a topic would never fire")
    if not any("topic" in name for name in fields) or kind.NAME in _ASK_FOR_ANY_TOPIC:
        return  # the name of a group or another thing, or of a topic that is to come
    found = cluster.topics.get(rule.topic or "")
    if found is None:
        if rule.optional:
            return
        there = sorted(name for name, topic in cluster.topics.items() if not topic.is_internal)
        raise ValueError(
            f"there is no topic {rule.topic!r}; the cluster has {there}. Create it first, or say "
            "optional=True"
        )
    count = len(found.partitions)
    if rule.partition is not None and not (
        _is_int(rule.partition) and (0 <= rule.partition < count or rule.optional)
    ):
        raise ValueError(
            f"there is no partition {rule.partition!r}; {rule.topic} has 0 to {count - 1}"
        )


@cache
def _named_fields(api_key: int) -> frozenset[str]:
    """Return the list fields, at any depth, whose entries `faults.touched` takes for names."""
    message = request_type(api_key)
    found: set[str] = set()
    structs: list[type[Struct]] = [message]
    for struct in structs:
        for field in struct.FIELDS:
            if not field.array or field.name in _NO_NAMES or field.name == FORGOTTEN:
                continue
            if field.kind is Kind.STRING:
                found.add(field.name)
            elif field.kind is Kind.STRUCT:
                inner: type[Struct] = getattr(message, field.struct)
                names = {entry.name for entry in inner.FIELDS} & TOPIC_FIELDS
                if not names:
                    structs.append(inner)
                else:
                    found.add("topics" if names & {"topic", "topic_id"} else field.name)
    return frozenset(found)


# -- actions --------------------------------------------------------------------------------------


def check_action(action: object, api: type[AnyRequest]) -> None:
    """Let an action through that does something to the answers of *api*.

    Raises:
        TypeError: it is not one of `kafka.testing.broker.faults`.
        ValueError: it does nothing.
        KafkaProtocolError: the API has no error code where the error would go.
    """
    if isinstance(action, type) and issubclass(action, Action):
        raise TypeError(f"{action.__name__} is a class: write {action.__name__}(...)")
    if not isinstance(action, Action):
        raise TypeError(f"{action!r} is no action; there are {', '.join(_action_names())}")
    if isinstance(action, Fail):
        error_named(action.error)
    elif isinstance(action, Answer):
        _check_response(action.response, api)
    else:
        _check_values(action)


def _check_values(action: Action) -> None:
    match action:
        case Delay(seconds):
            _check_number(seconds, "Delay takes seconds", lowest=0)
        case Throttle(milliseconds):
            _check_number(milliseconds, "Throttle takes milliseconds", lowest=1)
        case WrongCorrelationId(shift):
            if not _is_int(shift) or shift % _CORRELATION_IDS == 0:
                raise ValueError(f"a shift of {shift!r} leaves the correlation id as it is")
        case Garbage(data):
            if not isinstance(data, (bytes, bytearray, memoryview)):
                raise TypeError(f"Garbage takes bytes, not {data!r}")


def _action_names() -> Iterable[str]:
    return (kind.__name__ for kind in Action.__args__)


def _check_response(response: object, api: type[AnyRequest]) -> None:
    wanted = api.RESPONSE
    if isinstance(response, Message):
        if not isinstance(response, wanted):
            raise ValueError(  # noqa: TRY004 - it is a response, but none of this API
                f"{api.NAME} is answered by {wanted.__name__}, not {response!r}"
            )
    elif isinstance(response, type) or not callable(response):
        raise TypeError(f"Answer takes a {wanted.__name__}(...) or a function, not {response!r}")


def _check_number(value: object, what: str, *, lowest: float) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{what}, not {value!r}")
    if not (lowest <= value < math.inf):
        raise ValueError(f"{what} of {lowest} or more, not {value}")


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def never_fired(rules: Iterable[Rule]) -> list[str]:
    """Return what to say about the rules that never fired and had to."""
    return [describe(rule) for rule in rules if rule.hits == 0 and not rule.optional]


def describe(rule: Rule) -> str:
    """Return a rule as one line: API, action and conditions."""
    conditions = {
        "node_id": rule.node_id,
        "client_id": rule.client_id,
        "topic": rule.topic,
        "partition": rule.partition,
    }
    said = [f"{name}={value!r}" for name, value in conditions.items() if value is not None]
    if rule.when is not None:
        said.append("when=...")
    action = rule.action
    what = action.error.__name__ if isinstance(action, Fail) else repr(action)
    return " ".join([rule.api.NAME, what, *said])
