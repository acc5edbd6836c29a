"""The structures of kafka-python 2.x, made of the tables of our messages."""

from __future__ import annotations

import copy
import pickle
import pydoc

import pytest

from kafka.errors import KafkaProtocolError
from kafka.protocol.admin import (
    AlterUserScramCredentialsRequest,
    CreatePartitionsRequest,
    CreateTopicsRequest,
)
from kafka.protocol.fields import STRUCT
from kafka.protocol.legacy.names import Names
from kafka.protocol.legacy.structs import struct_class
from kafka.protocol.legacy.table import KNOWN, RENAMED, rows
from kafka.protocol.metadata import MetadataRequest, MetadataResponse
from kafka.protocol.produce import ProduceRequest, ProduceRequest_v0
from test.support.corpus import mutations, truncations
from test.support.messages import message_classes, vectors

MESSAGES = {name: cls for name, cls in message_classes().items() if cls.API_KEY >= 0}

# The newest version of each API with names of 2.x of which somebody has looked whether they go for
# it as well.
REVIEWED = (
    "AddPartitionsToTxn:5 AlterConfigs:2 ApiVersions:5 CreateAcls:3 CreatePartitions:3 "
    "CreateTopics:7 DeleteAcls:3 DeleteTopics:6 DescribeAcls:3 DescribeClientQuotas:1 "
    "DescribeConfigs:4 DescribeGroups:6 DescribeLogDirs:5 ElectLeaders:2 Fetch:18 "
    "FindCoordinator:6 Heartbeat:4 JoinGroup:9 LeaveGroup:5 ListGroups:5 ListOffsets:11 "
    "ListPartitionReassignments:0 Metadata:13 OffsetCommit:10 OffsetFetch:10 Produce:13 "
    "SaslAuthenticate:2 SaslHandshake:1 SyncGroup:5 TxnOffsetCommit:6"
)


def every_version(cls):
    return range(cls.VERSIONS.min, cls.VERSIONS.max + 1)


def legacy(cls, version):
    return struct_class(cls, version, cls.__name__, "kafka.protocol.everything")


def same(mine, message, cls, owner, version, path, names):
    """Compare a structure of 2.x with our message, field by field, by Kafka's names."""
    nested = names.nested(path)
    for index, field in enumerate(f for f in owner.FIELDS if f.tag is None and f.present(version)):
        holder = getattr(mine, nested) if nested and index else mine
        name = names.of(path + field.name) if nested and index else field.name
        found, expected = getattr(holder, name), getattr(message, field.name)
        if field.name.endswith("authorized_operations") and not isinstance(found, bool):
            found = sum(1 << bit for bit in found) - (2**32 if 31 in found else 0)
        if field.kind is not STRUCT or expected is None:
            assert found == expected, path + field.name
            continue
        inner = getattr(cls, field.struct)
        items = [(found, expected)] if not field.array else list(zip(found, expected, strict=True))
        for item, struct in items:
            if names.is_bare(path + field.name):
                (only,) = [f for f in inner.FIELDS if f.present(version) and f.tag is None]
                assert item == getattr(struct, only.name)
            else:
                same(item, struct, cls, inner, version, f"{path}{field.name}.", names)


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_vectors_of_apache_kafka_mean_the_same_to_both_codecs(name):
    cls = MESSAGES[name]
    for vector in vectors()[name]:
        version, encoded = vector["version"], vector["bytes"]
        mine = legacy(cls, version).decode(encoded)
        assert mine.encode() == encoded
        assert legacy(cls, version).decode(encoded) == mine
        message = cls.decode(encoded, version)
        same(mine, message, cls, cls, version, "", Names(name, version))


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_names_in_a_structure_are_told_apart(name):
    cls = MESSAGES[name]
    for version in every_version(cls):
        told_apart(legacy(cls, version).SCHEMA)


def told_apart(kind):
    kind = getattr(kind, "array_of", kind)
    if hasattr(kind, "names"):
        assert len(set(kind.names)) == len(kind.names)
        assert not set(kind.names) & set(kind.aliases)
        for field in kind.fields:
            told_apart(field)


def test_each_name_in_the_table_is_that_of_a_field():
    for row, words in rows(RENAMED).items():
        cls = MESSAGES[row.rpartition(".")[2]]
        for word in words:
            path, _, span = word.partition("=")[0].partition("@")
            versions = [v for v in every_version(cls) if not span or covers(span, v)]
            assert any(exists(cls, cls, path, version) for version in versions), (row, word)


def covers(span, version):
    low, dash, high = span.partition("-")
    return int(low) <= version <= int(high or (2**15 if dash else low))


def exists(cls, owner, path, version):
    name, _, rest = path.partition(".")
    if name in ("+", "tags", ""):
        return True
    field = next((f for f in owner.FIELDS if f.name == name and f.present(version)), None)
    if field is None or not rest:
        return field is not None
    return exists(cls, getattr(cls, field.struct), rest, version)


def test_new_version_of_an_api_has_names_of_2_x():
    apis = {MESSAGES[row.rpartition(".")[2]].NAME for row in rows(RENAMED)}
    newest = {f"{api}:{MESSAGES[api + 'Request'].VERSIONS.max}" for api in apis}
    assert newest == set(REVIEWED.split()), "see in kafka/protocol/legacy/table.py what goes for it"


def test_every_version_of_2_x_is_one_of_ours():
    for api, _, count in (word.partition(":") for word in KNOWN.split()):
        for kind in ("Request", "Response"):
            assert MESSAGES[api + kind].VERSIONS.min == 0
            assert int(count) <= MESSAGES[api + kind].VERSIONS.max + 1


def test_elements_are_tuples_with_the_names_of_2_x_and_of_kafka():
    made = MetadataResponse[1]([(1, "h", 9092, None)], 1, [(0, "t", False, [(0, 0, 1, [1], [1])])])
    response = MetadataResponse[1].decode(made.encode())
    assert response.brokers == [(1, "h", 9092, None)]
    node_id, host, port, rack = response.brokers[0]
    assert (node_id, host, port, rack) == (1, "h", 9092, None)
    topic = response.topics[0]
    assert (topic.topic, topic.name, topic.error_code) == ("t", "t", 0)
    assert topic.partitions[0].leader == topic.partitions[0].leader_id == 1
    assert repr(response.brokers[0]) == "(node_id=1, host='h', port=9092, rack=None)"
    assert response == made
    assert copy.deepcopy(response) == made


def test_structures_are_pickled():
    made = MetadataResponse[1].decode(MetadataResponse[1]([(1, "h", 9, None)], 1, []).encode())
    again = pickle.loads(pickle.dumps(made))
    assert again == made
    assert type(again) is MetadataResponse[1]


def test_fields_answer_to_kafkas_names_at_the_top_as_well():
    request = CreateTopicsRequest[1](topics=[("t", 1, 1, [], [])], timeout_ms=9, validate_only=True)
    assert request.create_topic_requests == request.topics
    assert request.timeout == request.timeout_ms == 9
    assert request == CreateTopicsRequest[1]([("t", 1, 1, [], [])], 9, True)
    with pytest.raises(ValueError, match="timeout is given twice, timeout_ms is another name"):
        CreateTopicsRequest[1](timeout=1, timeout_ms=1)


def test_fields_are_set_by_any_of_their_names():
    request = CreateTopicsRequest[1]([], 9, True)
    request.timeout_ms = 5
    assert request == CreateTopicsRequest[1]([], 5, True)
    assert request.timeout == 5


def test_nested_structures_of_3_x_stand_for_elements():
    topic = CreateTopicsRequest.CreatableTopic(
        name="t",
        num_partitions=-1,
        replication_factor=-1,
        assignments=[CreateTopicsRequest.CreatableReplicaAssignment(broker_ids=[1, 2])],
        configs=[CreateTopicsRequest.CreatableTopicConfig(name="k", value="v")],
    )
    for version in (1, 5):
        message = CreateTopicsRequest(topics=[topic], timeout_ms=9, validate_only=True)
        request = CreateTopicsRequest[version]
        assert request.decode(message.encode(version)).encode() == message.encode(version)
        tags = [{}] if request.FLEXIBLE_VERSION else []
        assert request([topic], 9, True, *tags).encode() == message.encode(version)
    assert request([topic], 9, True, {}).to_object()["create_topic_requests"][0]["topic"] == "t"
    assert "topic='t'" in repr(request([topic], 9, True, {}))


def test_nested_structures_of_3_x_stand_for_elements_of_one_field():
    topic = MetadataRequest.MetadataRequestTopic(name="t")
    assert MetadataRequest[1]([topic, "u"]).encode() == MetadataRequest[1](["t", "u"]).encode()
    message = CreatePartitionsRequest(
        topics=[
            CreatePartitionsRequest.CreatePartitionsTopic(
                name="t",
                count=3,
                assignments=[CreatePartitionsRequest.CreatePartitionsAssignment(broker_ids=[1])],
            )
        ],
        timeout_ms=9,
    )
    for version in (1, 3):
        tags = [{}] if version > 1 else []
        request = CreatePartitionsRequest[version](message.topics, 9, False, *tags)
        assert request.encode() == message.encode(version)


def test_request_without_acknowledgement_expects_no_response():
    assert not ProduceRequest[0](0, 100, []).expect_response()
    assert ProduceRequest[0](-1, 100, []).expect_response()
    assert ProduceRequest[0] is ProduceRequest_v0


@pytest.mark.parametrize("version", range(1, 6))
def test_broker_too_old_for_a_version_of_api_versions_answers_in_version_0(version):
    from kafka.protocol.api_versions import ApiVersionsResponse

    too_old = ApiVersionsResponse[0](35, [(18, 0, 2)])
    assert ApiVersionsResponse[version].decode(too_old.encode()) == too_old


def test_help_lists_fields_with_their_types_and_kafkas_names():
    text = pydoc.plain(pydoc.render_doc(MetadataRequest[1]))
    assert "MetadataRequest, version 1 of Metadata (API key 3)." in text
    assert "topics: array of string or null, of structures with name in Kafka" in text
    text = pydoc.plain(pydoc.render_doc(MetadataResponse[1]))
    assert "topic: string, name in Kafka" in text
    assert "partitions: array of structure" in text


def test_help_lists_the_structure_that_only_2_x_has():
    kafka = "assignments in Kafka, of structures with broker_ids in Kafka"
    assert CreatePartitionsRequest[1].__doc__.splitlines()[2:7] == [
        "    topic_partitions: array of structure, topics in Kafka",
        "        topic: string, name in Kafka",
        "        new_partitions: structure",
        "            count: int32",
        f"            assignment: array of array of int32 or null, {kafka}",
    ]


def test_versions_that_share_a_shape_do_not_share_a_class():
    assert MetadataRequest[1](["t"]) != MetadataRequest[2](["t"])
    assert MetadataRequest[1](["t"]).encode() == MetadataRequest[2](["t"]).encode()


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_no_truncation_decodes(name):
    for version, data in truncations(name):
        with pytest.raises(KafkaProtocolError):
            legacy(MESSAGES[name], version).decode(data)


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_what_the_compiled_codec_takes_is_taken_and_the_rest_is_an_error_of_the_protocol(name):
    for version, data in mutations(name):
        try:
            legacy(MESSAGES[name], version).decode(data)
        except KafkaProtocolError:
            with pytest.raises(KafkaProtocolError):
                MESSAGES[name].decode(data, version)


def test_a_salted_password_is_not_shown() -> None:
    upsertion = ("u", 1, 4096, b"hunter2", b"hunter2", {})
    request = AlterUserScramCredentialsRequest[0]([], [upsertion], {})
    for shown in map(repr, (request, type(request).decode(request.encode()))):
        assert "salted_password=<7 bytes>" in shown
        assert "hunter2" not in shown
