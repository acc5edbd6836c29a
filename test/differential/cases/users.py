"""Quotas and SCRAM users."""

from __future__ import annotations

from kafka.protocol.messages.alter_client_quotas import AlterClientQuotasRequest
from kafka.protocol.messages.alter_user_scram_credentials import (
    AlterUserScramCredentialsRequest,
)
from kafka.protocol.messages.describe_client_quotas import DescribeClientQuotasRequest
from kafka.protocol.messages.describe_user_scram_credentials import (
    DescribeUserScramCredentialsRequest,
)
from test.differential.case import Talk, case

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
