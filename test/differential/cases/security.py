"""SASL, ACLs and what they forbid, quotas, SCRAM users."""

from __future__ import annotations

from kafka.protocol.messages.alter_client_quotas import AlterClientQuotasRequest
from kafka.protocol.messages.alter_user_scram_credentials import (
    AlterUserScramCredentialsRequest,
)
from kafka.protocol.messages.api_versions import ApiVersionsRequest
from kafka.protocol.messages.create_acls import CreateAclsRequest
from kafka.protocol.messages.create_topics import CreateTopicsRequest
from kafka.protocol.messages.delete_acls import DeleteAclsRequest
from kafka.protocol.messages.delete_groups import DeleteGroupsRequest
from kafka.protocol.messages.delete_topics import DeleteTopicsRequest
from kafka.protocol.messages.describe_acls import DescribeAclsRequest
from kafka.protocol.messages.describe_client_quotas import DescribeClientQuotasRequest
from kafka.protocol.messages.describe_cluster import DescribeClusterRequest
from kafka.protocol.messages.describe_configs import DescribeConfigsRequest
from kafka.protocol.messages.describe_groups import DescribeGroupsRequest
from kafka.protocol.messages.describe_user_scram_credentials import (
    DescribeUserScramCredentialsRequest,
)
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


# -- ACLs -------------------------------------------------------------------------------------

ANY, ALL, READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE = 1, 2, 3, 4, 5, 6, 7, 8
TOPIC, GROUP, CLUSTER, TRANSACTIONAL_ID = 2, 3, 4, 5
MATCH, LITERAL, PREFIXED = 2, 3, 4
DENY, ALLOW = 2, 3


def permitting(kind: int, name: str, operation: int, **options: object) -> CreateAclsRequest:
    defaults = {
        "resource_type": kind,
        "resource_name": name,
        "resource_pattern_type": LITERAL,
        "principal": "User:bob",
        "host": "*",
        "operation": operation,
        "permission_type": ALLOW,
    }
    creation = CreateAclsRequest.AclCreation(**(defaults | options))  # type: ignore[arg-type]
    return CreateAclsRequest(creations=[creation])


def acls_of(name: str | None, **options: object) -> DescribeAclsRequest:
    defaults = {
        "resource_type_filter": TOPIC,
        "resource_name_filter": name,
        "pattern_type_filter": LITERAL,
        "principal_filter": None,
        "host_filter": None,
        "operation": ANY,
        "permission_type": ANY,
    }
    return DescribeAclsRequest(**(defaults | options))  # type: ignore[arg-type] # by name


@case(CreateAclsRequest)
async def acls_created(talk: Talk) -> None:
    name = talk.name()
    await talk.send(permitting(TOPIC, name, READ))
    await talk.send(permitting(TOPIC, name, READ))
    await talk.send(permitting(TOPIC, name, WRITE, permission_type=DENY, host="10.0.0.1"))
    await talk.eventually(
        acls_of(name),
        1,
        lambda answer: len(answer.resources[0].acls) == 2 if answer.resources else False,
    )


@case(CreateAclsRequest)
async def acls_refused(talk: Talk) -> None:
    name = talk.name()
    for request in (
        permitting(CLUSTER, "other", ALTER),
        permitting(TOPIC, "", READ),
        permitting(TOPIC, name, READ, principal="bob"),
        permitting(TOPIC, name, READ, principal=""),
        permitting(TOPIC, name, ANY),
        permitting(TOPIC, name, 0),
        permitting(TOPIC, name, 99),
        permitting(1, name, READ),
        permitting(0, name, READ),
        permitting(TOPIC, name, READ, permission_type=ANY),
        permitting(TOPIC, name, READ, host=""),
    ):
        await talk.refused(request, talk.version)
    if talk.version:
        for pattern in (0, 1, MATCH):
            request = permitting(TOPIC, name, READ, resource_pattern_type=pattern)
            await talk.refused(request, talk.version)
    await talk.send(CreateAclsRequest(creations=[]))


@case(DescribeAclsRequest)
async def acls_described(talk: Talk) -> None:
    name = talk.name()
    await talk.quiet(permitting(TOPIC, name, READ), 1)
    await talk.quiet(permitting(TOPIC, name, WRITE, principal="User:eve"), 1)
    await talk.quiet(permitting(TOPIC, name[:-1], DESCRIBE, resource_pattern_type=PREFIXED), 1)
    there = acls_of(None, pattern_type_filter=PREFIXED)
    await talk.eventually(
        there,
        1,
        lambda answer: any(r.resource_name == name[:-1] for r in answer.resources),
        note=False,
    )
    await talk.send(acls_of(name))
    await talk.send(acls_of(name, principal_filter="User:eve"))
    await talk.send(acls_of(name, operation=READ))
    await talk.send(acls_of(name, permission_type=DENY))
    await talk.send(acls_of(name, resource_type_filter=GROUP))
    await talk.send(acls_of(name, host_filter="1.2.3.4"))
    if talk.version:
        for pattern in (ANY, MATCH, PREFIXED):
            await talk.send(acls_of(name, pattern_type_filter=pattern))


@case(DescribeAclsRequest)
async def filters_of_acls_refused(talk: Talk) -> None:
    for options in (
        {"resource_type_filter": 0},
        {"operation": 0},
        {"permission_type": 0},
        {"resource_type_filter": 77},
        {"operation": 77},
    ):
        await talk.refused(acls_of("x", **options), talk.version)


@case(DeleteAclsRequest)
async def acls_deleted(talk: Talk) -> None:
    name = talk.name()
    await talk.quiet(permitting(TOPIC, name, READ), 1)
    await talk.quiet(permitting(TOPIC, name, WRITE), 1)
    await talk.eventually(
        acls_of(name),
        1,
        lambda answer: bool(answer.resources) and len(answer.resources[0].acls) == 2,
        note=False,
    )

    def deleting(operation: int, resource_type: int = TOPIC) -> DeleteAclsRequest:
        entry = DeleteAclsRequest.DeleteAclsFilter(
            resource_type_filter=resource_type,
            resource_name_filter=name,
            pattern_type_filter=LITERAL,
            operation=operation,
            permission_type=ANY,
            principal_filter=None,
            host_filter=None,
        )
        return DeleteAclsRequest(filters=[entry])

    await talk.send(deleting(READ))
    await talk.send(deleting(READ))
    await talk.send(deleting(ANY))
    await talk.refused(deleting(0), talk.version)
    await talk.send(DeleteAclsRequest(filters=[]))


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


# -- quotas -----------------------------------------------------------------------------------


def setting(
    entity: dict[str, str | None], *ops: tuple[str, float | None], validate_only: bool = False
) -> AlterClientQuotasRequest:
    part, change = AlterClientQuotasRequest.EntityData, AlterClientQuotasRequest.OpData
    entry = AlterClientQuotasRequest.EntryData(
        entity=[part(entity_type=kind, entity_name=name) for kind, name in entity.items()],
        ops=[change(key=key, value=value or 0.0, remove=value is None) for key, value in ops],
    )
    return AlterClientQuotasRequest(entries=[entry], validate_only=validate_only)


def quotas_of(
    kind: str, name: str | None, match: int = 0, *, strict: bool = False
) -> DescribeClientQuotasRequest:
    part = DescribeClientQuotasRequest.ComponentData(entity_type=kind, match_type=match, match=name)
    return DescribeClientQuotasRequest(components=[part], strict=strict)


@case(AlterClientQuotasRequest)
async def quotas_set(talk: Talk) -> None:
    user = talk.name()
    await talk.send(setting({"user": user}, ("producer_byte_rate", 1000.0)))
    await talk.send(
        setting(
            {"user": user, "client-id": "c"},
            ("consumer_byte_rate", 5.0),
            ("request_percentage", 20.0),
        )
    )
    await talk.eventually(quotas_of("user", user), 1, lambda answer: len(answer.entries or ()) == 2)
    await talk.send(quotas_of("user", user, strict=True), 1)
    await talk.send(setting({"user": user}, ("producer_byte_rate", None)))
    await talk.eventually(quotas_of("user", user), 1, lambda answer: len(answer.entries or ()) == 1)


@case(AlterClientQuotasRequest)
async def quotas_refused(talk: Talk) -> None:
    user = talk.name()
    for request in (
        setting({"user": user}, ("no_such_quota", 1.0)),
        setting({"user": user}, ("producer_byte_rate", -1.0)),
        setting({"user": user}, ("producer_byte_rate", 0.0)),
        setting({"user": user}, ("producer_byte_rate", 1.5)),
        setting({"user": user}, ("connection_creation_rate", 5.0)),
        setting({"planet": user}, ("producer_byte_rate", 1.0)),
        setting({"user": ""}, ("producer_byte_rate", 1.0)),
        setting({"ip": "not an address"}, ("connection_creation_rate", 1.0)),
        setting({"ip": "10.0.0.1"}, ("producer_byte_rate", 1.0)),
        setting({"ip": "10.0.0.1", "user": user}, ("connection_creation_rate", 1.0)),
        setting({}, ("producer_byte_rate", 1.0)),
        setting({"user": user}, ("producer_byte_rate", 7.0), validate_only=True),
        setting({"user": user}, ("producer_byte_rate", None)),
    ):
        await talk.refused(request, talk.version)
    await talk.send(quotas_of("user", user), 1)


@case(DescribeClientQuotasRequest)
async def filters_of_quotas_refused(talk: Talk) -> None:
    for request in (
        quotas_of("planet", "x"),
        quotas_of("user", None, 0),
        quotas_of("user", "x", 1),
        quotas_of("user", None, 9),
        quotas_of("", "x"),
    ):
        await talk.refused(request, talk.version)
    twice = quotas_of("user", "x")
    twice.components = [*twice.components] * 2
    await talk.refused(twice, talk.version)
    both = quotas_of("user", "x")
    both.components = [*both.components, *quotas_of("ip", "1.2.3.4").components]
    await talk.refused(both, talk.version)


# -- SCRAM users ------------------------------------------------------------------------------

SHA_256, SHA_512 = 1, 2


def crediting(
    name: str, mechanism: int = SHA_256, iterations: int = 4096, **options: bytes
) -> AlterUserScramCredentialsRequest:
    entry = AlterUserScramCredentialsRequest.ScramCredentialUpsertion(
        name=name,
        mechanism=mechanism,
        iterations=iterations,
        salt=options.get("salt", b"salt"),
        salted_password=options.get("salted_password", b"p" * 32),
    )
    return AlterUserScramCredentialsRequest(upsertions=[entry])


def discrediting(name: str, mechanism: int = SHA_256) -> AlterUserScramCredentialsRequest:
    entry = AlterUserScramCredentialsRequest.ScramCredentialDeletion(name=name, mechanism=mechanism)
    return AlterUserScramCredentialsRequest(deletions=[entry])


def credentials_of(*names: str) -> DescribeUserScramCredentialsRequest:
    user = DescribeUserScramCredentialsRequest.UserName
    return DescribeUserScramCredentialsRequest(users=[user(name=name) for name in names])


@case()
async def scram_users(talk: Talk) -> None:
    user = talk.name()
    await talk.send(credentials_of(user), 0)
    await talk.send(crediting(user), 0)
    await talk.send(crediting(user, SHA_512, 8192), 0)
    await talk.eventually(
        credentials_of(user), 0, lambda answer: len(answer.results[0].credential_infos) == 2
    )
    await talk.send(discrediting(user), 0)
    await talk.send(discrediting(user), 0)
    await talk.eventually(
        credentials_of(user), 0, lambda answer: len(answer.results[0].credential_infos) == 1
    )
    await talk.send(credentials_of(user, user), 0)
    await talk.send(credentials_of(""), 0)
    await talk.send(discrediting(user, SHA_512), 0)


@case()
async def scram_users_refused(talk: Talk) -> None:
    user = talk.name()
    for request in (
        crediting(user, iterations=100),
        crediting(user, iterations=1_000_000),
        crediting(user, 9),
        crediting(user, 0),
        crediting(""),
        crediting(user, salt=b""),
        crediting(user, salted_password=b""),
        discrediting(user),
        discrediting(user, 9),
        discrediting(""),
    ):
        await talk.send(request, 0)
    both = crediting(user)
    both.deletions = discrediting(user).deletions
    await talk.send(both, 0)
    twice = crediting(user)
    twice.upsertions = [*twice.upsertions] * 2
    await talk.send(twice, 0)
