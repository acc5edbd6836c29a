"""The shapes of older versions, and the caps that unknown topic ids set."""

from uuid import UUID

import pytest

from kafka.errors import UnsupportedVersionError
from kafka.protocol.adapt import adapt_request, adapt_response, version_cap
from kafka.protocol.messages.add_partitions_to_txn import AddPartitionsToTxnRequest
from kafka.protocol.messages.create_topics import CreateTopicsRequest
from kafka.protocol.messages.delete_topics import DeleteTopicsRequest
from kafka.protocol.messages.fetch import FetchRequest
from kafka.protocol.messages.find_coordinator import (
    FindCoordinatorRequest,
    FindCoordinatorResponse,
)
from kafka.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from kafka.protocol.messages.leave_group import LeaveGroupRequest
from kafka.protocol.messages.list_offsets import ListOffsetsRequest, ListOffsetsResponse
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.messages.offset_commit import OffsetCommitRequest
from kafka.protocol.messages.offset_fetch import OffsetFetchRequest, OffsetFetchResponse
from kafka.protocol.messages.produce import ProduceRequest
from kafka.protocol.messages.txn_offset_commit import TxnOffsetCommitRequest

ID = UUID(int=5)
ZERO = UUID(int=0)


def produce(name, topic_id):
    topic = ProduceRequest.TopicProduceData(name=name, topic_id=topic_id)
    return ProduceRequest(topic_data=[topic])


def fetch(name, topic_id):
    return FetchRequest(topics=[FetchRequest.FetchTopic(topic=name, topic_id=topic_id)])


def forget(name, topic_id):
    topic = FetchRequest.ForgottenTopic(topic=name, topic_id=topic_id)
    return FetchRequest(forgotten_topics_data=[topic])


def offset_commit(name, topic_id):
    topic = OffsetCommitRequest.OffsetCommitRequestTopic(name=name, topic_id=topic_id)
    return OffsetCommitRequest(topics=[topic])


def txn_offset_commit(name, topic_id):
    topic = TxnOffsetCommitRequest.TxnOffsetCommitRequestTopic(name=name, topic_id=topic_id)
    return TxnOffsetCommitRequest(topics=[topic])


def offset_fetch(name, topic_id):
    topic = OffsetFetchRequest.OffsetFetchRequestTopics(
        name=name, topic_id=topic_id, partition_indexes=[1]
    )
    return OffsetFetchRequest(groups=[group("g", [topic])])


def group(group_id, topics):
    return OffsetFetchRequest.OffsetFetchRequestGroup(group_id=group_id, topics=topics)


BY_ID = pytest.mark.parametrize(
    ("build", "last_named"),
    [
        (produce, 12),
        (fetch, 12),
        (forget, 12),
        (offset_commit, 9),
        (txn_offset_commit, 5),
        (offset_fetch, 9),
    ],
)


@BY_ID
def test_an_unknown_topic_id_caps_the_version_where_names_end(build, last_named):
    assert version_cap(build("t", ZERO)) == last_named
    assert version_cap(build("t", ID)) is None


@BY_ID
def test_a_zero_topic_id_is_an_error_where_only_ids_are_sent(build, last_named):
    with pytest.raises(UnsupportedVersionError, match=f"v{last_named + 1} needs the id"):
        adapt_request(build("t", ZERO), last_named + 1)


@BY_ID
def test_a_missing_name_is_an_error_where_names_are_sent(build, last_named):
    with pytest.raises(UnsupportedVersionError, match=f"v{last_named} needs the name"):
        adapt_request(build("", ID), last_named)


@BY_ID
def test_name_and_id_together_fit_every_version(build, last_named):
    request = build("t", ID)
    for version in (last_named, last_named + 1):
        assert adapt_request(request, version) is request


def test_most_requests_and_responses_have_one_shape():
    request, response = HeartbeatRequest(), HeartbeatResponse()
    assert adapt_request(request, 0) is request
    assert adapt_response(response, 0) is response
    assert version_cap(request) is None


def test_a_fetch_without_topics_leaves_the_version_to_its_session():
    assert version_cap(FetchRequest()) is None


def test_clients_add_partitions_in_the_unbatched_form():
    assert version_cap(AddPartitionsToTxnRequest()) == 3
    batched = AddPartitionsToTxnRequest(
        transactions=[AddPartitionsToTxnRequest.AddPartitionsToTxnTransaction()]
    )
    assert version_cap(batched) is None


def test_the_replica_of_a_fetch_moved_into_a_structure():
    request = FetchRequest(replica_state=FetchRequest.ReplicaState(replica_id=3))
    older = adapt_request(request, 14)
    assert (older.replica_id, older.replica_state) == (3, None)
    assert adapt_request(request, 15) is request
    assert request.replica_state is not None


@pytest.mark.parametrize(("topics", "sent"), [(None, []), ([], [])])
def test_metadata_0_asks_for_all_topics_with_an_empty_list(topics, sent):
    assert adapt_request(MetadataRequest(topics=topics), 0).topics == sent


def test_metadata_1_keeps_all_and_none_apart():
    assert adapt_request(MetadataRequest(topics=None), 1).topics is None
    assert adapt_request(MetadataRequest(topics=[]), 1).topics == []


def test_metadata_by_topic_id_needs_version_12():
    topic = MetadataRequest.MetadataRequestTopic(topic_id=ID, name=None)
    request = MetadataRequest(topics=[topic])
    assert adapt_request(request, 12) is request
    with pytest.raises(UnsupportedVersionError, match="only versions 12 and later"):
        adapt_request(request, 11)


@pytest.mark.parametrize("version", range(4))
def test_one_coordinator_key_fits_the_older_versions(version):
    request = FindCoordinatorRequest(coordinator_keys=["g"])
    older = adapt_request(request, version)
    assert (older.key, older.coordinator_keys) == ("g", [])
    assert request.coordinator_keys == ["g"]
    assert FindCoordinatorRequest.decode(older.encode(version), version).key == "g"


def test_several_coordinator_keys_need_version_4():
    request = FindCoordinatorRequest(coordinator_keys=["a", "b"])
    assert adapt_request(request, 4) is request
    with pytest.raises(UnsupportedVersionError, match="carries one key, not 2"):
        adapt_request(request, 3)


def test_one_coordinator_is_read_as_a_list_of_one():
    response = FindCoordinatorResponse(node_id=1, host="h", port=9092, error_message="m")
    assert adapt_response(response, 3).coordinators == [
        FindCoordinatorResponse.Coordinator(node_id=1, host="h", port=9092, error_message="m")
    ]
    assert adapt_response(FindCoordinatorResponse(), 4).coordinators == []


@pytest.mark.parametrize("version", range(8))
def test_one_group_fits_the_older_offset_fetches(version):
    older = adapt_request(offset_fetch("t", ID), version)
    assert (older.group_id, older.groups) == ("g", [])
    assert older.topics == [
        OffsetFetchRequest.OffsetFetchRequestTopic(name="t", partition_indexes=[1])
    ]
    older.encode(version)


@pytest.mark.parametrize("version", range(11))
def test_stable_offsets_are_asked_for_where_brokers_know_them(version):
    request = offset_fetch("t", ID)
    request.require_stable = True
    adapted = adapt_request(request, version)
    assert adapted.require_stable == (version >= 7)
    assert request.require_stable
    adapted.encode(version)


def test_all_topics_of_a_group_need_version_2_and_names():
    request = OffsetFetchRequest(groups=[group("g", None)])
    assert version_cap(request) == 9
    assert adapt_request(request, 2).topics is None
    with pytest.raises(UnsupportedVersionError, match="versions 2 and later"):
        adapt_request(request, 1)


def test_several_groups_need_version_8():
    request = OffsetFetchRequest(groups=[group("a", []), group("b", [])])
    assert adapt_request(request, 8) is request
    with pytest.raises(UnsupportedVersionError, match="carries one group, not 2"):
        adapt_request(request, 7)


def test_offsets_of_one_group_are_read_as_a_list_of_one():
    partition = OffsetFetchResponse.OffsetFetchResponsePartition(
        partition_index=1, committed_offset=7, committed_leader_epoch=2, metadata="m", error_code=3
    )
    topic = OffsetFetchResponse.OffsetFetchResponseTopic(name="t", partitions=[partition])
    response = adapt_response(OffsetFetchResponse(topics=[topic], error_code=15), 7)
    (found,) = response.groups
    assert found.error_code == 15
    assert found.topics[0].name == "t"
    assert found.topics[0].partitions == [
        OffsetFetchResponse.OffsetFetchResponsePartitions(
            partition_index=1,
            committed_offset=7,
            committed_leader_epoch=2,
            metadata="m",
            error_code=3,
        )
    ]
    assert adapt_response(OffsetFetchResponse(), 8).groups == []


def leave(**member):
    return LeaveGroupRequest(group_id="g", members=[LeaveGroupRequest.MemberIdentity(**member)])


def test_one_dynamic_member_fits_the_older_leave_groups():
    older = adapt_request(leave(member_id="m", reason="bye"), 2)
    assert (older.member_id, older.members) == ("m", [])
    request = leave(member_id="m")
    assert adapt_request(request, 3) is request


def test_a_static_member_needs_version_3():
    with pytest.raises(UnsupportedVersionError, match="group_instance_id"):
        adapt_request(leave(member_id="m", group_instance_id="i"), 2)


def test_topics_are_deleted_by_name_before_version_6():
    state = DeleteTopicsRequest.DeleteTopicState
    older = adapt_request(DeleteTopicsRequest(topics=[state(name="a"), state(name="b")]), 5)
    assert (older.topic_names, older.topics) == (["a", "b"], [])
    by_id = DeleteTopicsRequest(topics=[state(topic_id=ID)])
    assert adapt_request(by_id, 6) is by_id
    with pytest.raises(UnsupportedVersionError, match="by its id"):
        adapt_request(by_id, 5)


@pytest.mark.parametrize(("offsets", "expected"), [([9, 5], 9), ([], -1)])
def test_list_offsets_0_answers_with_the_newest_of_a_list(offsets, expected):
    partition = ListOffsetsResponse.ListOffsetsPartitionResponse(old_style_offsets=offsets)
    topic = ListOffsetsResponse.ListOffsetsTopicResponse(partitions=[partition])
    response = adapt_response(ListOffsetsResponse(topics=[topic]), 0)
    assert response.topics[0].partitions[0].offset == expected


def test_list_offsets_1_already_has_one_offset():
    partition = ListOffsetsResponse.ListOffsetsPartitionResponse(offset=4)
    topic = ListOffsetsResponse.ListOffsetsTopicResponse(partitions=[partition])
    assert (
        adapt_response(ListOffsetsResponse(topics=[topic]), 1).topics[0].partitions[0].offset == 4
    )


def list_offsets(timestamp):
    partition = ListOffsetsRequest.ListOffsetsPartition(partition_index=0, timestamp=timestamp)
    topic = ListOffsetsRequest.ListOffsetsTopic(name="t", partitions=[partition])
    return ListOffsetsRequest(topics=[topic])


@pytest.mark.parametrize(("timestamp", "needed"), [(-3, 7), (-4, 8), (-5, 9), (-6, 11)])
def test_timestamp_without_a_meaning_in_a_version_is_refused(timestamp, needed):
    request = list_offsets(timestamp)
    assert adapt_request(request, needed) is request
    with pytest.raises(UnsupportedVersionError, match=f"of t-0, versions {needed} and later do"):
        adapt_request(request, needed - 1)


@pytest.mark.parametrize("timestamp", [0, -1, -2, 1_700_000_000_000])
def test_other_timestamps_are_old(timestamp):
    request = list_offsets(timestamp)
    assert adapt_request(request, 0) is request


def create_topic(**fields):
    values = {"name": "t", "num_partitions": 1, "replication_factor": 1, **fields}
    return CreateTopicsRequest(topics=[CreateTopicsRequest.CreatableTopic(**values)])


@pytest.mark.parametrize("field", ["num_partitions", "replication_factor"])
def test_brokers_do_not_choose_before_kip_464(field):
    request = create_topic(**{field: -1})
    assert adapt_request(request, 4) is request
    with pytest.raises(UnsupportedVersionError, match="of topic t; only versions 4 and later"):
        adapt_request(request, 3)


def test_topic_with_all_numbers_or_assignments_can_be_said_in_every_version():
    placed = CreateTopicsRequest.CreatableReplicaAssignment(partition_index=0, broker_ids=[1])
    for request in (
        create_topic(),
        create_topic(num_partitions=-1, replication_factor=-1, assignments=[placed]),
    ):
        assert adapt_request(request, 0) is request


@pytest.mark.parametrize(
    ("request_", "last"),
    [
        (FindCoordinatorRequest(key="g", key_type=0), 3),
        (OffsetFetchRequest(group_id="g", topics=None), 7),
        (LeaveGroupRequest(group_id="g", member_id="m"), 2),
        (DeleteTopicsRequest(topic_names=["t"], timeout_ms=1), 5),
    ],
    ids=["FindCoordinator", "OffsetFetch", "LeaveGroup", "DeleteTopics"],
)
def test_a_request_in_the_shape_of_an_old_version_is_sent_as_it_is(request_, last):
    assert version_cap(request_) == last
    assert adapt_request(request_, last) == request_
    assert adapt_request(request_, last).encode(last) == request_.encode(last)
