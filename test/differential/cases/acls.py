"""ACLs."""

from __future__ import annotations

from kafka.protocol.messages.create_acls import CreateAclsRequest
from kafka.protocol.messages.delete_acls import DeleteAclsRequest
from kafka.protocol.messages.describe_acls import DescribeAclsRequest
from test.differential.case import Talk, case

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
