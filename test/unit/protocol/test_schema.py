"""Messages as objects: what they refuse to encode, and how they compare and show."""

import copy
import pickle
from uuid import UUID

import pytest

from kafka.errors import IllegalArgumentError, KafkaProtocolError, UnsupportedVersionError
from kafka.protocol.messages.alter_user_scram_credentials import (
    AlterUserScramCredentialsRequest,
)
from kafka.protocol.messages.expire_delegation_token import ExpireDelegationTokenRequest
from kafka.protocol.messages.fetch import FetchRequest, FetchResponse
from kafka.protocol.messages.heartbeat import HeartbeatRequest
from kafka.protocol.messages.list_offsets import ListOffsetsRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.protocol.messages.sasl_authenticate import SaslAuthenticateRequest


def test_a_field_the_version_cannot_carry_is_named_with_the_version_that_can():
    request = ListOffsetsRequest(isolation_level=1)
    with pytest.raises(UnsupportedVersionError) as caught:
        request.encode(1)
    assert str(caught.value) == (
        "[Error 35] UnsupportedVersionError: ListOffsetsRequest.isolation_level is set, "
        "but version 1 cannot carry it, only versions 2 and later can"
    )
    assert ListOffsetsRequest.decode(request.encode(2), 2) == request


def test_a_field_that_newer_versions_dropped_is_named_too():
    with pytest.raises(UnsupportedVersionError, match="only versions up to 14 can"):
        FetchRequest(replica_id=4).encode(15)


def test_an_ignorable_field_is_dropped_in_silence():
    assert FetchRequest(rack_id="r").encode(10) == FetchRequest().encode(10)


@pytest.mark.parametrize("version", [-1, 5, 99])
def test_a_version_that_does_not_exist_is_refused_both_ways(version):
    with pytest.raises(UnsupportedVersionError, match="only 0-4"):
        HeartbeatRequest().encode(version)
    with pytest.raises(UnsupportedVersionError, match="only 0-4"):
        HeartbeatRequest.decode(b"", version)


def topic(**fields):
    return MetadataRequest(topics=[MetadataRequest.MetadataRequestTopic(**fields)])


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        (HeartbeatRequest(group_id=None), "group_id must not be None"),
        (HeartbeatRequest(group_id=b"g"), "group_id must be str, not bytes"),
        (HeartbeatRequest(group_id="\ud800"), "group_id is not valid Unicode"),
        (HeartbeatRequest(generation_id="1"), "generation_id must be int, not str"),
        (HeartbeatRequest(generation_id=2**31), "generation_id = 2147483648 is not between"),
        (topic(name=7), "topics[0].name must be str, not int"),
        (topic(topic_id="x"), "topics[0].topic_id must be UUID, not str"),
        (MetadataRequest(topics=["t"]), "topics[0] must be a MetadataRequestTopic, not str"),
        (SaslAuthenticateRequest(auth_bytes="x"), "auth_bytes must be bytes, not str"),
    ],
)
def test_a_value_of_the_wrong_type_is_found_and_named(message, problem):
    version = min(message.VERSIONS.max, 10)
    with pytest.raises(IllegalArgumentError) as caught:
        message.encode(version)
    assert f"{type(message).__name__} v{version}: {problem}" in str(caught.value)


def test_a_string_too_long_for_its_length_is_named():
    with pytest.raises(IllegalArgumentError, match="group_id takes 32768 bytes"):
        HeartbeatRequest(group_id="x" * 32768).encode(0)


def test_bytes_left_over_are_a_protocol_error():
    with pytest.raises(KafkaProtocolError, match="2 bytes left over at byte 8"):
        HeartbeatRequest.decode(HeartbeatRequest().encode(0) + b"xx", 0)


def test_decoding_starts_at_the_offset():
    request = HeartbeatRequest(group_id="g", generation_id=3)
    assert HeartbeatRequest.decode(b"head" + request.encode(4), 4, 4) == request


def test_unknown_tagged_fields_are_kept():
    data = HeartbeatRequest(group_id="g").encode(4)[:-1] + b"\2\1\2ab\x90\3\1!"
    request = HeartbeatRequest.decode(data, 4)
    assert request.unknown_tags == {1: b"ab", 400: b"!"}
    assert request.encode(4) == data
    assert request != HeartbeatRequest(group_id="g")


def test_unknown_tagged_fields_need_a_flexible_version():
    request = HeartbeatRequest()
    request.unknown_tags[1] = b"x"
    with pytest.raises(UnsupportedVersionError, match="version 3 has no tagged fields"):
        request.encode(3)


def records_of(records):
    partition = ProduceRequest.PartitionProduceData(records=records)
    data = [ProduceRequest.TopicProduceData(name="t", partition_data=[partition])]
    return ProduceRequest(topic_data=data)


@pytest.mark.parametrize("version", [3, 9])
@pytest.mark.parametrize("size", [0, 3, 1024, 1025, 100_000])
def test_records_in_pieces_encode_like_records_in_one(version, size):
    whole = bytes(range(256)) * (size // 256 + 1)
    whole = whole[:size]
    pieces = [whole[:1], memoryview(whole)[1:7], bytearray(whole[7:])]
    expected = records_of(whole).encode(version)
    assert records_of(pieces).encode(version) == expected
    assert records_of(memoryview(whole)).encode(version) == expected
    decoded = ProduceRequest.decode(expected, version)
    assert decoded.topic_data[0].partition_data[0].records == whole


def test_decoded_records_are_views_of_the_input():
    data = bytearray(records_of(b"abc").encode(3))
    records = ProduceRequest.decode(data, 3).topic_data[0].partition_data[0].records
    assert isinstance(records, memoryview)
    assert records.obj is data


def test_a_tagged_structure_that_is_absent_is_none():
    partition = FetchResponse.PartitionData(records=b"")
    response = FetchResponse(
        responses=[FetchResponse.FetchableTopicResponse(partitions=[partition])]
    )
    default = FetchResponse.LeaderIdAndEpoch()
    plain = response.encode(16)
    partition.current_leader = default
    assert response.encode(16) == plain
    decoded = FetchResponse.decode(plain, 16)
    assert decoded.responses[0].partitions[0].current_leader is None


def test_messages_keep_their_own_lists():
    topics = [MetadataRequest.MetadataRequestTopic(name="t")]
    request = MetadataRequest(topics=topics)
    topics.clear()
    assert len(request.topics) == 1


def test_messages_compare_copy_pickle_and_show_their_fields():
    request = topic(name="t", topic_id=UUID(int=1))
    assert copy.deepcopy(request) == request == pickle.loads(pickle.dumps(request))
    assert request != topic(name="u")
    assert request != "t"
    assert repr(HeartbeatRequest(group_id="g")) == (
        "HeartbeatRequest(group_id='g', generation_id=0, member_id='', group_instance_id=None)"
    )
    with pytest.raises(TypeError):
        hash(request)


def test_secrets_of_a_message_are_not_shown():
    sasl = SaslAuthenticateRequest(auth_bytes=b"\0user\0password")
    assert repr(sasl) == "SaslAuthenticateRequest(auth_bytes=<14 bytes>)"
    wrong = SaslAuthenticateRequest(auth_bytes="password")  # type: ignore[arg-type]
    assert repr(wrong) == "SaslAuthenticateRequest(auth_bytes=<str>)"
    token = ExpireDelegationTokenRequest(hmac=b"secret", expiry_time_period_ms=1)
    assert "hmac=<6 bytes>" in repr(token)
    upsertion = AlterUserScramCredentialsRequest.ScramCredentialUpsertion(
        salt=b"salt", salted_password=b"salted"
    )
    scram = AlterUserScramCredentialsRequest(upsertions=[upsertion])
    assert "salt=<4 bytes>, salted_password=<6 bytes>" in repr(scram)
