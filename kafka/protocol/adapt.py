"""The APIs whose shape changes with the version: one function each, and the caps that follow.

Pure. Requests are written, and responses read, in the shape of the newest version; a request is
never changed, but copied. `version_cap` runs before the version is picked, `adapt_request` after
that, `adapt_response` after decoding.

In responses too old to say them, these stay at their defaults: `Coordinator.key` (FindCoordinator
up to 3), the group id (OffsetFetch up to 7), the members (LeaveGroup up to 2).
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final, TypeVar

from kafka.errors import UnsupportedVersionError
from kafka.protocol.adapt_admin import (
    adapt_delete_acls,
    adapt_describe_acls,
    adapt_list_config_resources,
    adapt_update_features,
    read_describe_configs,
)
from kafka.protocol.schema import Message, Request, Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kafka.protocol.messages.add_partitions_to_txn import AddPartitionsToTxnRequest
    from kafka.protocol.messages.create_topics import CreateTopicsRequest
    from kafka.protocol.messages.delete_topics import DeleteTopicsRequest
    from kafka.protocol.messages.fetch import FetchRequest
    from kafka.protocol.messages.find_coordinator import (
        FindCoordinatorRequest,
        FindCoordinatorResponse,
    )
    from kafka.protocol.messages.leave_group import LeaveGroupRequest
    from kafka.protocol.messages.list_offsets import ListOffsetsRequest, ListOffsetsResponse
    from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse
    from kafka.protocol.messages.offset_commit import OffsetCommitRequest
    from kafka.protocol.messages.offset_fetch import OffsetFetchRequest, OffsetFetchResponse
    from kafka.protocol.messages.produce import ProduceRequest
    from kafka.protocol.messages.txn_offset_commit import TxnOffsetCommitRequest

# The last versions that name topics; later ones carry topic ids only (KIP-516). They hold as long
# as the id of any topic in the request is unknown.
PRODUCE_WITHOUT_TOPIC_IDS: Final = 12
FETCH_WITHOUT_TOPIC_IDS: Final = 12
OFFSET_COMMIT_WITHOUT_TOPIC_IDS: Final = 9
OFFSET_FETCH_WITHOUT_TOPIC_IDS: Final = 9
TXN_OFFSET_COMMIT_WITHOUT_TOPIC_IDS: Final = 5

# In a transaction these hold while the cluster's transaction.version is below 2 (KIP-890): the
# versions above add partitions implicitly and renew the epoch at the end.
PRODUCE_WITHOUT_TV2: Final = 11
END_TXN_WITHOUT_TV2: Final = 4
TXN_OFFSET_COMMIT_WITHOUT_TV2: Final = 4

# Version 4 and later are the batched form that brokers send each other (KIP-890).
ADD_PARTITIONS_TO_TXN_OF_CLIENTS: Final = 3

# Names may be left out, topics being named by their ids, from here on (KIP-516).
METADATA_BY_TOPIC_ID: Final = 12

# Brokers up to 2.3 may send a leader epoch older than the leader it stands beside (KIP-320).
METADATA_WITH_LEADER_EPOCHS: Final = 9

# KIP-464: from here on brokers choose how many partitions and replicas, if a topic does not say.
CREATE_TOPICS_WITH_DEFAULTS: Final = 4

# The first versions that give a meaning to these timestamps (KIP-79, 734, 405, 1005, 1023); others
# would answer as if they were times, before all records.
LIST_OFFSETS_WITH: Final = {-1: 0, -2: 0, -3: 7, -4: 8, -5: 9, -6: 11}

# Requests that may be written as old versions have them: a field of the old shape, one of the new
# shape, and the last version of the old one (KIP-709, 699, 345, 516).
_OLD_SHAPES: Final = {
    9: ("group_id", "groups", 7),
    10: ("key", "coordinator_keys", 3),
    13: ("member_id", "members", 2),
    20: ("topic_names", "topics", 5),
}

M = TypeVar("M", bound=Message)
S = TypeVar("S", bound=Struct)


def version_cap(request: Request[M]) -> int | None:
    """Return the highest version whose shape can carry *request*, or None if any can.

    An incremental fetch that lists no topics is not capped: whoever continues a session begun with
    names passes `FETCH_WITHOUT_TOPIC_IDS` itself, because a session may not switch between names
    and ids (KIP-516). The consumer's fetch session does.
    """
    rule = _CAPS.get(request.API_KEY)
    return None if rule is None else rule(request)


def version_floor(request: Request[M]) -> int:
    """Return the lowest version with a shape for *request*; for errors, as it tries them all."""
    for version in range(request.VERSIONS.min, request.VERSIONS.max):
        try:
            adapt_request(request, version)
        except UnsupportedVersionError:
            continue
        return version
    return request.VERSIONS.max


def adapt_request(request: Request[M], version: int) -> Request[M]:
    """Return *request* in the shape of *version*; *request* itself if that is the same.

    Raises:
        UnsupportedVersionError: *version* has no shape that says the same.
    """
    rule = _REQUESTS.get(request.API_KEY)
    if rule is None:
        return request
    adapted: Request[M] = rule(request, version)
    return adapted


def adapt_response(response: M, version: int) -> M:
    """Return *response*, just decoded from *version*, in the shape of the newest version."""
    rule = _RESPONSES.get(response.API_KEY)
    if rule is None:
        return response
    adapted: M = rule(response, version)
    return adapted


def _changed(original: S, **values: object) -> S:
    """Return a shallow copy of *original* with some fields set."""
    twin = copy.copy(original)
    for name, value in values.items():
        setattr(twin, name, value)
    return twin


def _only(items: list[S] | list[str], message: Message, version: int, what: str) -> Any:
    """Return the only one of *items*; an older version has room for no more."""
    if len(items) != 1:
        raise UnsupportedVersionError(
            f"{type(message).__name__} v{version} carries one {what}, not {len(items)}; "
            "send one request for each"
        )
    return items[0]


def _check_topics(message: Message, topics: Iterable[Any], version: int, last_named: int) -> None:
    """Reject topics without what *version* identifies them by.

    The definitions let name and id be dropped where they do not belong, so the encoder would send
    an empty one.
    """
    for topic in topics:
        if version > last_named and not topic.topic_id.int:
            raise UnsupportedVersionError(
                f"{type(message).__name__} v{version} needs the id of every topic, and that of "
                f"{topic!r} is not set; send version {last_named} or lower"
            )
        named = getattr(topic, "name", None) or getattr(topic, "topic", None)
        if version <= last_named and not named:
            raise UnsupportedVersionError(
                f"{type(message).__name__} v{version} needs the name of every topic, and that of "
                f"{topic!r} is not set"
            )


def _all_ids_known(topics: Iterable[Any]) -> bool:
    for topic in topics:  # noqa: SIM110 - for each Produce request: a generator costs more
        if not topic.topic_id.int:
            return False
    return True


def _cap_old_shape(request: Message) -> int | None:
    """Return the last version of the shape that *request* has if that is an old one."""
    old, new, last = _OLD_SHAPES[request.API_KEY]
    return last if getattr(request, old) and not getattr(request, new) else None


def _has_shape_of(request: Message, version: int) -> bool:
    """Tell whether *request* is written in an old shape, that of *version*."""
    last = _cap_old_shape(request)
    return last is not None and version <= last


def _cap_produce(request: ProduceRequest) -> int | None:
    return None if _all_ids_known(request.topic_data) else PRODUCE_WITHOUT_TOPIC_IDS


def _cap_fetch(request: FetchRequest) -> int | None:
    # A fetch without topics continues a session, which alone knows whether it began with names.
    known = _all_ids_known(request.topics) and _all_ids_known(request.forgotten_topics_data)
    return None if known else FETCH_WITHOUT_TOPIC_IDS


def _cap_offset_commit(request: OffsetCommitRequest) -> int | None:
    return None if _all_ids_known(request.topics) else OFFSET_COMMIT_WITHOUT_TOPIC_IDS


def _cap_txn_offset_commit(request: TxnOffsetCommitRequest) -> int | None:
    return None if _all_ids_known(request.topics) else TXN_OFFSET_COMMIT_WITHOUT_TOPIC_IDS


def _cap_offset_fetch(request: OffsetFetchRequest) -> int | None:
    if (last := _cap_old_shape(request)) is not None:
        return last
    # "All topics" comes back without names from version 10 on, so ids alone would be the answer.
    known = all(g.topics is not None and _all_ids_known(g.topics) for g in request.groups)
    return None if known else OFFSET_FETCH_WITHOUT_TOPIC_IDS


def _cap_add_partitions(request: AddPartitionsToTxnRequest) -> int | None:
    return None if request.transactions else ADD_PARTITIONS_TO_TXN_OF_CLIENTS


def _adapt_produce(request: ProduceRequest, version: int) -> ProduceRequest:
    _check_topics(request, request.topic_data, version, PRODUCE_WITHOUT_TOPIC_IDS)
    return request


def _adapt_fetch(request: FetchRequest, version: int) -> FetchRequest:
    _check_topics(request, request.topics, version, FETCH_WITHOUT_TOPIC_IDS)
    _check_topics(request, request.forgotten_topics_data, version, FETCH_WITHOUT_TOPIC_IDS)
    state = request.replica_state
    if state is None or version >= 15:
        return request
    # KIP-903 moved the replica id into a structure of its own.
    return _changed(request, replica_id=state.replica_id, replica_state=None)


def _adapt_offset_commit(request: OffsetCommitRequest, version: int) -> OffsetCommitRequest:
    _check_topics(request, request.topics, version, OFFSET_COMMIT_WITHOUT_TOPIC_IDS)
    return request


def _adapt_txn_offset_commit(
    request: TxnOffsetCommitRequest, version: int
) -> TxnOffsetCommitRequest:
    _check_topics(request, request.topics, version, TXN_OFFSET_COMMIT_WITHOUT_TOPIC_IDS)
    return request


def _adapt_metadata(request: MetadataRequest, version: int) -> MetadataRequest:
    topics = request.topics
    if version == 0:
        # Version 0 cannot ask for no topic: an empty list means all, a superset of the answer.
        return request if topics is not None else _changed(request, topics=[])
    if version < METADATA_BY_TOPIC_ID and any(not topic.name for topic in topics or ()):
        raise UnsupportedVersionError(
            f"MetadataRequest v{version} cannot ask for a topic by its id, "
            f"only versions {METADATA_BY_TOPIC_ID} and later can"
        )
    return request


def _adapt_find_coordinator(
    request: FindCoordinatorRequest, version: int
) -> FindCoordinatorRequest:
    if version >= 4 or _has_shape_of(request, version):
        return request
    # KIP-699: before version 4, one key a request.
    key = _only(request.coordinator_keys, request, version, "key")
    return _changed(request, key=key, coordinator_keys=[])


def _adapt_offset_fetch(request: OffsetFetchRequest, version: int) -> OffsetFetchRequest:
    if version >= 8:
        for group in request.groups:
            topics = group.topics or ()
            _check_topics(request, topics, version, OFFSET_FETCH_WITHOUT_TOPIC_IDS)
        return request
    if _has_shape_of(request, version):
        return request
    # KIP-709: before version 8, one group a request.
    group = _only(request.groups, request, version, "group")
    if group.topics is None and version < 2:
        raise UnsupportedVersionError(
            f"OffsetFetchRequest v{version} cannot ask for all topics, versions 2 and later can"
        )
    _check_topics(request, group.topics or (), version, OFFSET_FETCH_WITHOUT_TOPIC_IDS)
    named = request.OffsetFetchRequestTopic
    topics = group.topics and [
        named(name=topic.name, partition_indexes=topic.partition_indexes) for topic in group.topics
    ]
    # KIP-447: a broker that cannot tell unstable offsets answers with the stable ones before them.
    stable = request.require_stable and version >= 7
    return _changed(
        request, group_id=group.group_id, topics=topics, groups=[], require_stable=stable
    )


def _adapt_leave_group(request: LeaveGroupRequest, version: int) -> LeaveGroupRequest:
    if version >= 3 or _has_shape_of(request, version):
        return request
    # KIP-345: before version 3, one member a request, and no static membership.
    member = _only(request.members, request, version, "member")
    if member.group_instance_id is not None:
        raise UnsupportedVersionError(
            f"LeaveGroupRequest v{version} cannot carry a group_instance_id, "
            "versions 3 and later can"
        )
    return _changed(request, member_id=member.member_id, members=[])


def _adapt_list_offsets(request: ListOffsetsRequest, version: int) -> ListOffsetsRequest:
    for topic in request.topics:
        for partition in topic.partitions:
            needed = LIST_OFFSETS_WITH.get(partition.timestamp, 0)
            if version < needed:
                raise UnsupportedVersionError(
                    f"ListOffsetsRequest v{version} gives no meaning to timestamp "
                    f"{partition.timestamp} of {topic.name}-{partition.partition_index}, "
                    f"versions {needed} and later do"
                )
    return request


def _adapt_create_topics(request: CreateTopicsRequest, version: int) -> CreateTopicsRequest:
    if version >= CREATE_TOPICS_WITH_DEFAULTS:
        return request
    for topic in request.topics:
        if not topic.assignments and -1 in (topic.num_partitions, topic.replication_factor):
            raise UnsupportedVersionError(
                f"CreateTopicsRequest v{version} needs num_partitions and replication_factor of "
                f"topic {topic.name}; only versions {CREATE_TOPICS_WITH_DEFAULTS} and later leave "
                "them to the broker (KIP-464)"
            )
    return request


def _adapt_delete_topics(request: DeleteTopicsRequest, version: int) -> DeleteTopicsRequest:
    if version >= 6:
        return request
    names = [topic.name for topic in request.topics]
    if None in names:
        raise UnsupportedVersionError(
            f"DeleteTopicsRequest v{version} cannot name a topic by its id, "
            "versions 6 and later can"
        )
    return _changed(request, topic_names=[*request.topic_names, *names], topics=[])


def _read_metadata(response: MetadataResponse, version: int) -> MetadataResponse:
    if version < METADATA_WITH_LEADER_EPOCHS:
        for topic in response.topics:
            for partition in topic.partitions:
                partition.leader_epoch = -1
    return response


def _read_list_offsets(response: ListOffsetsResponse, version: int) -> ListOffsetsResponse:
    if version == 0:
        # KIP-79: version 0 answers with a list of offsets, newest first.
        for topic in response.topics:
            for partition in topic.partitions:
                offsets = partition.old_style_offsets
                partition.offset = offsets[0] if offsets else -1
    return response


def _read_find_coordinator(
    response: FindCoordinatorResponse, version: int
) -> FindCoordinatorResponse:
    if version < 4:
        coordinator = response.Coordinator(
            node_id=response.node_id,
            host=response.host,
            port=response.port,
            error_code=response.error_code,
            error_message=response.error_message,
        )
        response.coordinators = [coordinator]
    return response


def _read_offset_fetch(response: OffsetFetchResponse, version: int) -> OffsetFetchResponse:
    if version < 8:
        topics = [
            response.OffsetFetchResponseTopics(
                name=topic.name,
                partitions=[
                    response.OffsetFetchResponsePartitions(
                        partition_index=partition.partition_index,
                        committed_offset=partition.committed_offset,
                        committed_leader_epoch=partition.committed_leader_epoch,
                        metadata=partition.metadata,
                        error_code=partition.error_code,
                    )
                    for partition in topic.partitions
                ],
            )
            for topic in response.topics
        ]
        group = response.OffsetFetchResponseGroup(topics=topics, error_code=response.error_code)
        response.groups = [group]
    return response


# Any: each function takes the one message its API key stands for.
_CAPS: Final[dict[int, Callable[[Any], int | None]]] = {
    0: _cap_produce,
    1: _cap_fetch,
    8: _cap_offset_commit,
    9: _cap_offset_fetch,
    10: _cap_old_shape,
    13: _cap_old_shape,
    20: _cap_old_shape,
    24: _cap_add_partitions,
    28: _cap_txn_offset_commit,
}
_REQUESTS: Final[dict[int, Callable[[Any, int], Any]]] = {
    0: _adapt_produce,
    1: _adapt_fetch,
    2: _adapt_list_offsets,
    3: _adapt_metadata,
    8: _adapt_offset_commit,
    9: _adapt_offset_fetch,
    10: _adapt_find_coordinator,
    13: _adapt_leave_group,
    19: _adapt_create_topics,
    20: _adapt_delete_topics,
    28: _adapt_txn_offset_commit,
    29: adapt_describe_acls,
    31: adapt_delete_acls,
    57: adapt_update_features,
    74: adapt_list_config_resources,
}
_RESPONSES: Final[dict[int, Callable[[Any, int], Any]]] = {
    2: _read_list_offsets,
    3: _read_metadata,
    9: _read_offset_fetch,
    10: _read_find_coordinator,
    32: read_describe_configs,
}
