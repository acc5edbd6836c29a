"""Stories of ACLs, SCRAM credentials and client quotas."""

from __future__ import annotations

from typing import Any

import pytest

from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ClientQuotaAlteration,
    ClientQuotaEntity,
    KafkaAdminClient,
    QuotaMatch,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
    to_json,
)
from kafka.admin.async_client import AsyncKafkaAdminClient
from kafka.errors import (
    ClusterAuthorizationFailedError,
    IllegalArgumentError,
    InvalidRequestError,
    KafkaTimeoutError,
    NoError,
    NotControllerError,
    SaslAuthenticationFailedError,
    SecurityDisabledError,
    UnacceptableCredentialError,
    UnsupportedVersionError,
)
from kafka.protocol.messages.alter_client_quotas import AlterClientQuotasRequest
from kafka.protocol.messages.alter_user_scram_credentials import (
    AlterUserScramCredentialsRequest,
)
from kafka.protocol.messages.create_acls import CreateAclsRequest
from kafka.testing import Listener
from kafka.testing.broker.faults import DropResponse, Fail
from test.support.admin import WITH_ACLS, admin_of
from test.support.stage import asked, cluster_of

READ, ALLOW = ACLOperation.READ, ACLPermissionType.ALLOW
PREFIXED = ACLResourcePatternType.PREFIXED
SHA_256, SHA_512 = ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512
ANYTHING = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
ALL_ACLS = ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, ANYTHING)
ALICE, BOB = ClientQuotaEntity({"user": "alice"}), ClientQuotaEntity({"user": "bob"})


def acl(principal: str = "User:alice", topic: str = "orders", **options: Any) -> ACL:
    """Return an ACL that allows to read a topic."""
    return ACL(principal, "*", READ, ALLOW, ResourcePattern(ResourceType.TOPIC, topic, **options))


# -- ACLs ----------------------------------------------------------------------------------------


async def test_acls_are_created_described_and_deleted() -> None:
    async with admin_of(config=WITH_ACLS) as (cluster, admin):
        rules = [acl(), acl(topic="bill", pattern_type=PREFIXED)]
        assert await admin.create_acls(rules) == {"succeeded": rules, "failed": []}
        assert len(asked(cluster, CreateAclsRequest)) == 1
        found, error = await admin.describe_acls(ALL_ACLS)
        assert set(found) == set(rules)
        assert error is NoError
        ((wanted, deleted, error),) = await admin.delete_acls([ALL_ACLS])
        assert wanted == ALL_ACLS
        assert set(deleted) == set(rules)
        assert error is NoError
        assert await admin.describe_acls(ALL_ACLS) == ([], NoError)


async def test_an_acl_that_is_refused_costs_the_others_nothing() -> None:
    async with admin_of(config=WITH_ACLS) as (_, admin):
        bad = acl("nobody")
        found = await admin.create_acls([bad, acl()])
        assert found == {"succeeded": [acl()], "failed": [InvalidRequestError]}
        assert "principal=nobody" in str(found.errors[bad])
        assert "nobody" in to_json(found.errors)


async def test_an_acl_is_a_filter_for_itself() -> None:
    async with admin_of(config=WITH_ACLS) as (_, admin):
        await admin.create_acls([acl(), acl(topic="bills")])
        assert await admin.delete_acls(acl()) == [(acl(), [acl()], NoError)]
        assert (await admin.describe_acls(ALL_ACLS))[0] == [acl(topic="bills")]


async def test_without_an_authorizer_there_are_no_acls() -> None:
    async with admin_of() as (_, admin):
        with pytest.raises(SecurityDisabledError, match="No Authorizer is configured"):
            await admin.describe_acls(ALL_ACLS)
        found = await admin.create_acls([acl()])
        assert found == {"succeeded": [], "failed": [SecurityDisabledError]}
        assert await admin.delete_acls([ALL_ACLS]) == [(ALL_ACLS, [], SecurityDisabledError)]


async def test_prefixed_acls_need_a_broker_that_knows_prefixes() -> None:
    async with admin_of(version="1.1", config=WITH_ACLS) as (_, admin):
        assert await admin.create_acls([acl()]) == {"succeeded": [acl()], "failed": []}
        with pytest.raises(UnsupportedVersionError, match="resource_pattern_type"):
            await admin.create_acls([acl(pattern_type=PREFIXED)])
        # All patterns that there are.
        assert await admin.describe_acls(ALL_ACLS) == ([acl()], NoError)
        assert await admin.delete_acls([ALL_ACLS]) == [(ALL_ACLS, [acl()], NoError)]


@pytest.mark.parametrize(
    ("call", "given", "error", "text"),
    [
        ("create_acls", [], ValueError, "acls is empty"),
        ("create_acls", "acl", TypeError, "acls must be a list of ACL"),
        ("create_acls", [ALL_ACLS], IllegalArgumentError, "acls must contain ACL objects"),
        ("describe_acls", None, IllegalArgumentError, "acl_filter must be an ACLFilter"),
        ("delete_acls", [], ValueError, "acl_filters is empty"),
        ("delete_acls", 7, TypeError, "acl_filters must be a list of ACLFilter"),
        ("delete_acls", ["x"], IllegalArgumentError, "acl_filters must be an ACLFilter"),
        (
            "describe_acls",
            ACLFilter(None, None, ACLOperation.UNKNOWN, ACLPermissionType.ANY, ANYTHING),
            IllegalArgumentError,
            "acl_filter: operation of .* must not be UNKNOWN",
        ),
    ],
    ids=str,
)
async def test_acls_that_cannot_be_are_refused_before_they_are_sent(
    call: str, given: Any, error: type[Exception], text: str
) -> None:
    async with admin_of(config=WITH_ACLS) as (_, admin):
        with pytest.raises(error, match=text):
            await getattr(admin, call)(given)


# -- SCRAM ---------------------------------------------------------------------------------------


async def test_a_password_that_was_set_logs_its_user_in() -> None:
    listeners = [Listener(), Listener("SASL", mechanisms=("SCRAM-SHA-256", "SCRAM-SHA-512"))]
    async with admin_of(listeners=listeners) as (cluster, admin):
        for mechanism, password in ((SHA_256, "wonderland"), (SHA_512, b"looking glass")):
            upsertion = UserScramCredentialUpsertion("alice", mechanism, password)
            assert await admin.alter_user_scram_credentials([upsertion]) == {"alice": None}
            options: dict[str, Any] = {
                "bootstrap_servers": cluster.addresses("SASL"),
                "security_protocol": "SASL_PLAINTEXT",
                "sasl_mechanism": mechanism.sasl_name,
                "sasl_plain_username": "alice",
                "sasl_plain_password": upsertion.password.reveal().decode(),
            }
            async with AsyncKafkaAdminClient(**options) as alice:
                assert (await alice.describe_cluster())["cluster_id"] == cluster.cluster_id
        deletion = UserScramCredentialDeletion("alice", SHA_512)
        assert await admin.alter_user_scram_credentials(deletion) == {"alice": None}
        with pytest.raises(SaslAuthenticationFailedError):
            async with AsyncKafkaAdminClient(**options):
                raise AssertionError("a deleted credential has logged its user in")


async def test_credentials_are_described_as_in_kafka_python_3() -> None:
    async with admin_of() as (_, admin):
        await admin.alter_user_scram_credentials(
            [
                UserScramCredentialUpsertion("alice", SHA_256, "w", iterations=8192),
                UserScramCredentialUpsertion("bob", SHA_512, "b"),
            ]
        )
        alice = {"error": None, "credential_infos": [{"mechanism": SHA_256, "iterations": 8192}]}
        bob = {"error": None, "credential_infos": [{"mechanism": SHA_512, "iterations": 4096}]}
        assert await admin.describe_user_scram_credentials() == {"alice": alice, "bob": bob}
        found = await admin.describe_user_scram_credentials(["bob", "carol"])
        assert found["bob"] == bob
        assert "does not exist: carol" in (found["carol"]["error"] or "")
        assert list(await admin.describe_user_scram_credentials("alice")) == ["alice"]


async def test_two_alterations_of_a_user_go_out_one_after_the_other() -> None:
    async with admin_of() as (cluster, admin):
        found = await admin.alter_user_scram_credentials(
            [
                UserScramCredentialUpsertion("alice", SHA_256, "w"),
                UserScramCredentialUpsertion("alice", SHA_512, "w"),
                UserScramCredentialUpsertion("bob", SHA_256, "b"),
                UserScramCredentialDeletion("alice", SHA_256),
            ]
        )
        assert found == {"alice": None, "bob": None}
        sent = asked(cluster, AlterUserScramCredentialsRequest)
        assert [(len(each.upsertions), len(each.deletions)) for each in sent] == [
            (2, 0),
            (1, 0),
            (0, 1),
        ]
        described = await admin.describe_user_scram_credentials("alice")
        assert [each["mechanism"] for each in described["alice"]["credential_infos"]] == [SHA_512]


async def test_what_is_hashed_of_many_users_does_not_wait_for_the_others() -> None:
    async with admin_of() as (cluster, admin):
        users = [f"user-{number}" for number in range(40)]
        upsertions = [UserScramCredentialUpsertion(user, SHA_256, "w") for user in users]
        found = await admin.alter_user_scram_credentials(upsertions)
        assert found == dict.fromkeys(users)
        requests = asked(cluster, AlterUserScramCredentialsRequest)
        assert [len(request.upsertions) for request in requests] == [32, 8]


async def test_after_an_error_of_a_user_its_next_alterations_are_not_made() -> None:
    async with admin_of() as (_, admin):
        found = await admin.alter_user_scram_credentials(
            [
                UserScramCredentialDeletion("alice", SHA_256),
                UserScramCredentialUpsertion("alice", SHA_512, "w"),
                UserScramCredentialUpsertion("bob", SHA_512, "b"),
            ]
        )
        assert "does not exist" in (found["alice"] or "")
        assert found["bob"] is None
        described = await admin.describe_user_scram_credentials()
        assert sorted(described) == ["bob"]


async def test_passwords_that_are_not_hashed_in_time_are_not_sent() -> None:
    async with admin_of() as (cluster, admin):
        upsertion = UserScramCredentialUpsertion("alice", SHA_256, "w")
        with pytest.raises(
            KafkaTimeoutError, match="user alice: the password was not hashed"
        ) as caught:
            await admin.alter_user_scram_credentials(upsertion, timeout_ms=0)
        assert list(caught.value.results) == ["alice"]
        assert asked(cluster, AlterUserScramCredentialsRequest) == []


async def test_every_password_gets_a_salt_of_its_own() -> None:
    async with admin_of() as (cluster, admin):
        await admin.alter_user_scram_credentials(
            [UserScramCredentialUpsertion(user, SHA_256, "same") for user in ("a", "b")]
        )
        (request,) = asked(cluster, AlterUserScramCredentialsRequest)
        assert len({bytes(each.salt) for each in request.upsertions}) == 2
        assert len({bytes(each.salted_password) for each in request.upsertions}) == 2
        assert {len(each.salt) for each in request.upsertions} == {32}


async def test_a_controller_that_has_moved_gets_the_credentials() -> None:
    async with admin_of(2, version="2.8") as (cluster, admin):
        cluster.inject(AlterUserScramCredentialsRequest, Fail(NotControllerError))
        upsertion = UserScramCredentialUpsertion("alice", SHA_256, "w")
        assert await admin.alter_user_scram_credentials([upsertion]) == {"alice": None}
        assert len(asked(cluster, AlterUserScramCredentialsRequest)) == 2


async def test_a_credential_that_was_deleted_although_the_answer_was_lost_is_deleted() -> None:
    async with admin_of(admin={"request_timeout_ms": 1000}) as (cluster, admin):
        await admin.alter_user_scram_credentials(UserScramCredentialUpsertion("a", SHA_256, "w"))
        cluster.inject(AlterUserScramCredentialsRequest, DropResponse(applied=True))
        deletion = UserScramCredentialDeletion("a", SHA_256)
        assert await admin.alter_user_scram_credentials(deletion) == {"a": None}
        assert len(asked(cluster, AlterUserScramCredentialsRequest)) == 3
        # Nothing was lost the next time.
        found = await admin.alter_user_scram_credentials(deletion)
        assert "does not exist" in (found["a"] or "")


async def test_what_a_broker_refuses_is_told_with_its_words() -> None:
    async with admin_of() as (cluster, admin):
        cluster.inject(AlterUserScramCredentialsRequest, Fail(UnacceptableCredentialError))
        found = await admin.alter_user_scram_credentials(
            [UserScramCredentialUpsertion("alice", SHA_256, "w")]
        )
        assert "SCRAM credentials of user alice" in (found["alice"] or "")
        assert isinstance(found.errors["alice"], UnacceptableCredentialError)


async def test_brokers_without_these_apis_say_which_release_has_them() -> None:
    async with admin_of(version="1.1") as (_, admin):
        with pytest.raises(UnsupportedVersionError, match=r"of 2\.7 or later"):
            await admin.alter_user_scram_credentials(UserScramCredentialDeletion("a", SHA_256))
        with pytest.raises(UnsupportedVersionError, match=r"of 2\.7 or later"):
            await admin.describe_user_scram_credentials()
        with pytest.raises(UnsupportedVersionError, match=r"of 2\.6 or later"):
            await admin.describe_client_quotas()
        with pytest.raises(UnsupportedVersionError, match=r"of 2\.6 or later"):
            await admin.alter_client_quotas({ALICE: {"request_percentage": 5}})


# -- quotas --------------------------------------------------------------------------------------


async def test_quotas_are_set_described_and_removed() -> None:
    async with admin_of() as (cluster, admin):
        app = ClientQuotaEntity({"user": "alice", "client-id": None})
        changes = [
            ClientQuotaAlteration(ALICE, {"producer_byte_rate": 1024, "request_percentage": 12.5}),
            ClientQuotaAlteration({"user": "alice", "client-id": None}, {"request_percentage": 5}),
        ]
        assert await admin.alter_client_quotas(changes) == {ALICE: None, app: None}
        assert len(asked(cluster, AlterClientQuotasRequest)) == 1
        assert await admin.describe_client_quotas() == {
            ALICE: {"producer_byte_rate": 1024.0, "request_percentage": 12.5},
            app: {"request_percentage": 5.0},
        }
        await admin.alter_client_quotas({ALICE: {"producer_byte_rate": None}})
        found = await admin.describe_client_quotas({"user": "alice"}, strict=True)
        assert found == {ALICE: {"request_percentage": 12.5}}
        assert to_json(found) == '{"user=alice": {"request_percentage": 12.5}}'


@pytest.mark.parametrize(
    ("components", "expected"),
    [
        ({"user": "alice"}, ["alice"]),
        ({"user": None}, [None]),
        ({"user": QuotaMatch.ANY}, ["alice", "bob", None]),
        ({"client-id": QuotaMatch.ANY}, []),
    ],
    ids=str,
)
async def test_a_filter_chooses_entities(components: Any, expected: list[str | None]) -> None:
    async with admin_of() as (_, admin):
        await admin.alter_client_quotas(
            [({"user": user}, {"request_percentage": 5}) for user in ("alice", "bob", None)]
        )
        found = await admin.describe_client_quotas(components)
        assert {dict(entity)["user"] for entity in found} == set(expected)


async def test_an_entity_that_is_refused_costs_the_others_nothing() -> None:
    async with admin_of() as (_, admin):
        changes = {ALICE: {"nope": 1}, BOB: {"request_percentage": 5}}
        with pytest.raises(InvalidRequestError, match=r"user=alice: Invalid .* key nope") as caught:
            await admin.alter_client_quotas(changes)
        assert list(caught.value.errors) == [ALICE]
        found = await admin.alter_client_quotas(changes, raise_errors=False)
        assert isinstance(found[ALICE], InvalidRequestError)
        assert found[BOB] is None
        assert list(await admin.describe_client_quotas()) == [BOB]


async def test_validation_alone_sets_no_quota() -> None:
    async with admin_of() as (_, admin):
        await admin.alter_client_quotas({ALICE: {"request_percentage": 5}}, validate_only=True)
        assert await admin.describe_client_quotas() == {}


async def test_whoever_may_not_do_something_is_told_at_once() -> None:
    listeners = [Listener("SASL", mechanisms=("PLAIN",))]
    config = {**WITH_ACLS, "super.users": "User:root"}
    alice: dict[str, Any] = {
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "PLAIN",
        "sasl_plain_username": "alice",
        "sasl_plain_password": "w",
    }
    async with admin_of(listeners=listeners, users={"alice": "w"}, config=config, admin=alice) as (
        _,
        admin,
    ):
        upsertion = UserScramCredentialUpsertion("bob", SHA_256, "b")
        for call in (
            admin.describe_acls(ALL_ACLS),
            admin.describe_user_scram_credentials(),
            admin.describe_client_quotas(),
            admin.alter_client_quotas({ALICE: {"request_percentage": 5}}),
            admin.describe_metadata_quorum(),
            admin.describe_log_dirs(),
            admin.update_features({"group.version": 1}),
            admin.list_config_resources(),
        ):
            with pytest.raises(ClusterAuthorizationFailedError):
                await call
        assert (await admin.create_acls([acl()]))["failed"] == [ClusterAuthorizationFailedError]
        found = await admin.alter_user_scram_credentials([upsertion])
        assert isinstance(found.errors["bob"], ClusterAuthorizationFailedError)


def test_the_blocking_client_has_the_same_calls() -> None:
    with (
        cluster_of(config=WITH_ACLS) as cluster,
        KafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers) as admin,
    ):
        assert admin.create_acls([acl()]) == {"succeeded": [acl()], "failed": []}
        assert admin.describe_acls(ALL_ACLS) == ([acl()], NoError)
        assert admin.delete_acls([ALL_ACLS]) == [(ALL_ACLS, [acl()], NoError)]
        upsertion = UserScramCredentialUpsertion("alice", "SCRAM-SHA-256", "w")
        assert admin.alter_user_scram_credentials([upsertion]) == {"alice": None}
        assert admin.describe_user_scram_credentials("alice")["alice"]["error"] is None
        admin.alter_client_quotas({ALICE: {"request_percentage": 5}})
        assert admin.describe_client_quotas() == {ALICE: {"request_percentage": 5.0}}
