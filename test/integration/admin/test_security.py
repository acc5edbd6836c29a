"""ACLs, users, quotas, and users who may nothing, as the admin client sees and changes them."""

from __future__ import annotations

import asyncio

import pytest

from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourceType,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)
from kafka.aio import AsyncKafkaAdminClient
from kafka.errors import (
    ClusterAuthorizationFailedError,
    NoError,
    SaslAuthenticationFailedError,
    TopicAuthorizationFailedError,
)
from test.support.admin_kafka import AdminKafka
from test.support.group_workers import until

USERS = [
    UserScramCredentialUpsertion("alice", ScramMechanism.SCRAM_SHA_256, "pw-256", 4096),
    UserScramCredentialUpsertion("alice", ScramMechanism.SCRAM_SHA_512, "pw-512", 8192),
    UserScramCredentialUpsertion("bob", "SCRAM-SHA-256", "pw-bob"),
]


def gets_in(options: dict[str, object]) -> bool:
    """Return whether a client authenticates; what it may see is nothing."""
    try:
        with KafkaAdminClient(**options) as client:
            assert client.list_topics() == []
    except SaslAuthenticationFailedError:
        return False
    return True


def test_acls_are_created_described_and_deleted(kafka: AdminKafka, admin: KafkaAdminClient) -> None:
    def acl(name: str, pattern: ACLResourcePatternType, operation: ACLOperation) -> ACL:
        resource = ResourcePattern(ResourceType.TOPIC, name, pattern)
        return ACL("User:someone", "*", operation, ACLPermissionType.ALLOW, resource)

    wanted = [
        acl("orders", ACLResourcePatternType.LITERAL, ACLOperation.READ),
        acl("logs-", ACLResourcePatternType.PREFIXED, ACLOperation.WRITE),
    ]
    made = admin.create_acls(wanted)
    assert (len(made["succeeded"]), made["failed"]) == (2, [])
    listed = lambda: kafka.java.ask("describeAcls")  # noqa: E731 - a name for what is waited for
    both = [
        "User:someone * READ ALLOW TOPIC orders LITERAL",
        "User:someone * WRITE ALLOW TOPIC logs- PREFIXED",
    ]
    until(lambda: listed() == both, listed)
    everything = ACLFilter(
        "User:someone",
        None,
        ACLOperation.ANY,
        ACLPermissionType.ANY,
        ResourcePattern(ResourceType.TOPIC, "orders", ACLResourcePatternType.LITERAL),
    )
    until(lambda: admin.describe_acls(everything) == ([wanted[0]], NoError), listed)
    ((_, deleted, outcome),) = admin.delete_acls([everything])
    assert outcome is NoError
    assert [each[0] if isinstance(each, tuple) else each for each in deleted] == [wanted[0]]
    until(lambda: listed() == both[1:], listed)


def test_users_get_in_with_the_passwords_they_were_given(
    kafka: AdminKafka, admin: KafkaAdminClient
) -> None:
    assert "pw-" not in repr(USERS)
    assert admin.alter_user_scram_credentials(USERS) == {"alice": None, "bob": None}
    expected = {"alice": {"SCRAM-SHA-256": 4096, "SCRAM-SHA-512": 8192}}
    until(
        lambda: kafka.java.ask("describeUserScramCredentials").get("alice") == expected["alice"],
        lambda: kafka.java.ask("describeUserScramCredentials"),
    )

    def iterations() -> dict[int, int]:
        (ours,) = admin.describe_user_scram_credentials(["alice"]).values()
        return {int(row["mechanism"]): row["iterations"] for row in ours["credential_infos"]}

    until(lambda: iterations() == {1: 4096, 2: 8192}, iterations)
    for mechanism, password in (("SCRAM-SHA-256", "pw-256"), ("SCRAM-SHA-512", "pw-512")):
        options = kafka.as_user(mechanism, "alice", password)
        # Each broker hears of the user in its own time.
        until(lambda options=options: gets_in(options), lambda options=options: options)  # type: ignore[misc]
    with pytest.raises(SaslAuthenticationFailedError):
        KafkaAdminClient(**kafka.as_user("SCRAM-SHA-256", "alice", "pw-512"))
    gone = [UserScramCredentialDeletion("alice", ScramMechanism.SCRAM_SHA_256)]
    assert admin.alter_user_scram_credentials(gone) == {"alice": None}
    found = kafka.java.ask("describeUserScramCredentials")
    until(
        lambda: kafka.java.ask("describeUserScramCredentials")["alice"] == {"SCRAM-SHA-512": 8192},
        lambda: found,
    )


def test_quotas_are_altered_and_described(kafka: AdminKafka, admin: KafkaAdminClient) -> None:
    admin.alter_client_quotas(
        [
            ({"user": "alice"}, {"producer_byte_rate": 1000.0, "request_percentage": 50.0}),
            ({"user": "alice", "client-id": None}, {"consumer_byte_rate": 2000.0}),
        ]
    )

    def seen() -> dict[str, object]:
        found = kafka.java.ask("describeClientQuotas")
        return {str(sorted(entity.items(), key=str)): values for entity, values in found}

    expected = {
        "[('user', 'alice')]": {"producer_byte_rate": 1000.0, "request_percentage": 50.0},
        "[('client-id', None), ('user', 'alice')]": {"consumer_byte_rate": 2000.0},
    }
    until(lambda: seen() == expected, seen)
    until(lambda: len(admin.describe_client_quotas()) == 2, admin.describe_client_quotas)
    admin.alter_client_quotas([({"user": "alice"}, {"producer_byte_rate": None})])
    del expected["[('user', 'alice')]"]["producer_byte_rate"]  # type: ignore[attr-defined] # a dict
    until(lambda: seen() == expected, seen)


def test_a_user_without_rights_is_told_at_once_and_what(kafka: AdminKafka) -> None:
    with KafkaAdminClient(**kafka.as_guest()) as guest:
        with pytest.raises(TopicAuthorizationFailedError, match="secret"):
            guest.create_topics(["secret"])
        with pytest.raises(ClusterAuthorizationFailedError):
            guest.describe_acls(
                ACLFilter(
                    None,
                    None,
                    ACLOperation.ANY,
                    ACLPermissionType.ANY,
                    ResourcePattern(ResourceType.TOPIC, "any"),
                )
            )
        found = guest.create_topics(["secret"], raise_errors=False)
        assert found["topics"][0]["error_code"] == 29


def test_the_async_client_asks_all_brokers_at_once(kafka: AdminKafka, topic: str) -> None:
    async def story() -> None:
        async with AsyncKafkaAdminClient(bootstrap_servers=kafka.servers) as admin:
            names, groups, logs, transactions = await asyncio.gather(
                admin.list_topics(),
                admin.list_groups(),
                admin.describe_log_dirs(),
                admin.list_transactions(),
            )
            assert sorted(names) == kafka.java.ask("listTopics")
            assert {row["group_id"] for row in groups} == set(kafka.java.ask("listGroups"))
            assert sorted(row["broker"] for row in logs) == [1, 2, 3]
            assert sorted(transactions) == [1, 2, 3]
            assert topic in names

    asyncio.run(story())
