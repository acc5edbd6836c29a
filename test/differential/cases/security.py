"""SASL, and what ACLs forbid."""

from __future__ import annotations

from kafka.protocol.messages.api_versions import ApiVersionsRequest
from kafka.protocol.messages.create_topics import CreateTopicsRequest
from kafka.protocol.messages.delete_groups import DeleteGroupsRequest
from kafka.protocol.messages.delete_topics import DeleteTopicsRequest
from kafka.protocol.messages.describe_client_quotas import DescribeClientQuotasRequest
from kafka.protocol.messages.describe_cluster import DescribeClusterRequest
from kafka.protocol.messages.describe_configs import DescribeConfigsRequest
from kafka.protocol.messages.describe_groups import DescribeGroupsRequest
from kafka.protocol.messages.find_coordinator import FindCoordinatorRequest
from kafka.protocol.messages.heartbeat import HeartbeatRequest
from kafka.protocol.messages.init_producer_id import InitProducerIdRequest
from kafka.protocol.messages.list_groups import ListGroupsRequest
from kafka.protocol.messages.list_offsets import ListOffsetsRequest
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse
from kafka.protocol.messages.offset_commit import OffsetCommitRequest
from kafka.protocol.messages.offset_fetch import OffsetFetchRequest
from kafka.protocol.messages.sasl_authenticate import SaslAuthenticateRequest
from kafka.protocol.messages.sasl_handshake import SaslHandshakeRequest
from test.differential.case import Talk, case
from test.differential.cases.acls import READ, TOPIC, acls_of, permitting
from test.differential.cases.users import credentials_of
from test.differential.clusters import USERS
from test.support.embedded import batch, fetch_request, produce_request
from test.support.sasl import plain

PASSWORD = USERS["alice"]


# -- SASL -------------------------------------------------------------------------------------


@case(SaslHandshakeRequest)
async def mechanism_chosen(talk: Talk) -> None:
    for mechanism in ("PLAIN", "SCRAM-SHA-256"):
        client = await talk.connect_sasl()
        await talk.send(SaslHandshakeRequest(mechanism=mechanism), on=client)


@case(SaslHandshakeRequest)
async def mechanism_refused(talk: Talk) -> None:
    for mechanism in ("plain", "GSSAPI", ""):
        client = await talk.connect_sasl()
        await talk.send(SaslHandshakeRequest(mechanism=mechanism), on=client)
        await talk.refused(SaslHandshakeRequest(mechanism="PLAIN"), talk.version, on=client)


@case(SaslAuthenticateRequest)
async def authenticated(talk: Talk) -> None:
    client = await talk.connect_sasl()
    await talk.quiet(SaslHandshakeRequest(mechanism="PLAIN"), 1, on=client)
    await talk.send(SaslAuthenticateRequest(auth_bytes=plain("alice", PASSWORD)), on=client)
    await talk.refused(SaslHandshakeRequest(mechanism="PLAIN"), 1, on=client)


@case(SaslAuthenticateRequest)
async def authentication_refused(talk: Talk) -> None:
    for data in (
        plain("alice", "wrong"),
        plain("nobody", "x"),
        b"",
        b"alice",
        b"\0alice\0",
        b"\0\0x",
        b"bob\0alice\0" + PASSWORD.encode(),
    ):
        client = await talk.connect_sasl()
        await talk.quiet(SaslHandshakeRequest(mechanism="PLAIN"), 1, on=client)
        request = SaslAuthenticateRequest(auth_bytes=data)
        await talk.refused(request, talk.version, on=client)
        await talk.refused(request, talk.version, on=client)


@case(SaslAuthenticateRequest)
async def scram_refused(talk: Talk) -> None:
    for data in (b"n,,n=nobody,r=abc", b"n,,x", b"", b"y,,n=alice,r=abc"):
        client = await talk.connect_sasl()
        await talk.quiet(SaslHandshakeRequest(mechanism="SCRAM-SHA-256"), 1, on=client)
        request = SaslAuthenticateRequest(auth_bytes=data)
        await talk.refused(request, talk.version, on=client)


@case()
async def requests_before_authentication(talk: Talk) -> None:
    client = await talk.connect_sasl()
    await talk.refused(MetadataRequest(topics=[]), 9, on=client)
    client = await talk.connect_sasl()
    await talk.refused(SaslAuthenticateRequest(auth_bytes=b"x"), 2, on=client)
    client = await talk.connect_sasl()
    versions = ApiVersionsRequest(client_software_name="r", client_software_version="1")
    await talk.quiet(versions, 3, on=client)
    await talk.refused(MetadataRequest(topics=[]), 9, on=client)


@case()
async def handshake_without_sasl(talk: Talk) -> None:
    await talk.refused(SaslHandshakeRequest(mechanism="PLAIN"), 1)
    client = await talk.connect()
    await talk.refused(SaslAuthenticateRequest(auth_bytes=b"x"), 2, on=client)


# -- what is forbidden ------------------------------------------------------------------------


@case()
async def forbidden_topics(talk: Talk) -> None:
    topic = await talk.topic()
    alice = await talk.connect_sasl("alice", PASSWORD)
    asked = MetadataRequest.MetadataRequestTopic(name=topic)

    def only(answer: MetadataResponse) -> None:
        answer.topics = [found for found in answer.topics if found.name == topic]

    await talk.send(MetadataRequest(topics=[asked]), 9, on=alice)
    await talk.send(MetadataRequest(topics=None), 9, on=alice, only=only)
    topic_id = await talk.topic_id(topic)
    by_id = MetadataRequest.MetadataRequestTopic(name=None, topic_id=topic_id)
    await talk.send(MetadataRequest(topics=[by_id]), 12, on=alice)
    await talk.send(produce_request(topic, batch(b"x")), 9, on=alice)
    await talk.send(produce_request(talk.name(), batch(b"x")), 9, on=alice)
    await talk.send(fetch_request(topic, 0), 11, on=alice)
    await talk.send(fetch_request("no-such-topic", 0), 11, on=alice)
    partition = ListOffsetsRequest.ListOffsetsPartition(partition_index=0, timestamp=-1)
    entry = ListOffsetsRequest.ListOffsetsTopic(name=topic, partitions=[partition])
    await talk.send(ListOffsetsRequest(replica_id=-1, topics=[entry]), 6, on=alice)


@case()
async def forbidden_groups(talk: Talk) -> None:
    group, topic = talk.name(), await talk.topic()
    alice = await talk.connect_sasl("alice", PASSWORD)
    await talk.send(FindCoordinatorRequest(coordinator_keys=[group]), 4, on=alice)
    await talk.send(FindCoordinatorRequest(key=group), 3, on=alice)
    await talk.send(HeartbeatRequest(group_id=group, member_id="x"), 3, on=alice)
    entry = OffsetCommitRequest.OffsetCommitRequestPartition(committed_offset=1)
    named = OffsetCommitRequest.OffsetCommitRequestTopic(name=topic, partitions=[entry])
    await talk.send(OffsetCommitRequest(group_id=group, topics=[named]), 8, on=alice)
    asked = OffsetFetchRequest.OffsetFetchRequestGroup(group_id=group, topics=None)
    await talk.send(OffsetFetchRequest(groups=[asked]), 8, on=alice)
    await talk.send(DescribeGroupsRequest(groups=[group]), 5, on=alice)
    await talk.send(DeleteGroupsRequest(groups_names=[group]), 2, on=alice)
    await talk.send(ListGroupsRequest(), 4, on=alice)


@case()
async def forbidden_administration(talk: Talk) -> None:
    topic, new = await talk.topic(), talk.name()
    alice = await talk.connect_sasl("alice", PASSWORD)
    creation = CreateTopicsRequest.CreatableTopic(name=new, num_partitions=1, replication_factor=1)
    await talk.send(CreateTopicsRequest(topics=[creation], timeout_ms=1000), 5, on=alice)
    names = [topic, talk.name()]
    await talk.send(DeleteTopicsRequest(topic_names=names, timeout_ms=1000), 5, on=alice)
    resource = DescribeConfigsRequest.DescribeConfigsResource
    for kind, name in ((2, topic), (4, str(talk.node()))):
        wanted = resource(resource_type=kind, resource_name=name, configuration_keys=None)
        await talk.send(
            DescribeConfigsRequest(resources=[wanted]),
            2,
            on=alice,
            only=lambda answer: setattr(answer.results[0], "resource_name", "x"),
        )
    await talk.send(DescribeClusterRequest(), 0, on=alice)
    everything = DescribeClusterRequest(include_cluster_authorized_operations=True)
    await talk.send(everything, 0, on=alice)
    await talk.send(acls_of(topic), 1, on=alice)
    await talk.refused(permitting(TOPIC, topic, READ), 1, on=alice)
    await talk.send(credentials_of("x"), 0, on=alice)
    await talk.send(DescribeClientQuotasRequest(components=[]), 0, on=alice)
    init = InitProducerIdRequest(transactional_id="t", transaction_timeout_ms=1000)
    await talk.send(init, 4, on=alice)
    init = InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=1000)
    await talk.send(init, 4, on=alice)
