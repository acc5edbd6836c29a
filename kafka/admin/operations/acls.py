"""Create, describe and delete ACLs (KIP-140, KIP-290).  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from kafka.admin.acl_resource import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourceType,
)
from kafka.admin.lookups import to_any
from kafka.admin.operation import ANY_ONCE
from kafka.protocol.messages.create_acls import CreateAclsRequest
from kafka.protocol.messages.delete_acls import DeleteAclsRequest
from kafka.protocol.messages.describe_acls import DescribeAclsRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kafka.admin.operation import Answer, Verdicts
    from kafka.errors import KafkaError
    from kafka.protocol.messages.create_acls import CreateAclsResponse
    from kafka.protocol.messages.delete_acls import DeleteAclsResponse
    from kafka.protocol.messages.describe_acls import DescribeAclsResponse


class Match(NamedTuple):
    """An ACL that a filter has matched.

    Attributes:
        error: why it was not deleted, ``None`` if it was.
    """

    acl: ACL
    error: KafkaError | None


class CreateAcls:
    """Have a broker create ACLs; it passes them on to the controller."""

    noun: Final = "the ACL"
    lookup: Final = to_any(ANY_ONCE)
    verdicts: Final[Verdicts] = {}

    def build(self, keys: Sequence[ACL], timeout_ms: int) -> CreateAclsRequest:
        """Return the request that creates *keys*."""
        del timeout_ms
        return CreateAclsRequest(
            creations=[
                CreateAclsRequest.AclCreation(
                    resource_type=acl.resource_pattern.resource_type,
                    resource_name=acl.resource_pattern.resource_name,
                    resource_pattern_type=acl.resource_pattern.pattern_type,
                    principal=acl.principal,
                    host=acl.host,
                    operation=acl.operation,
                    permission_type=acl.permission_type,
                )
                for acl in keys
            ]
        )

    def read(
        self, answer: Answer[CreateAclsResponse], keys: Sequence[ACL]
    ) -> dict[ACL, KafkaError | None]:
        """Return, by ACL, why it was not created; ``None`` if it was.  They come in order."""
        return {
            acl: answer.error(result.error_code, result.error_message, f"the ACL {acl}")
            if result.error_code
            else None
            for acl, result in zip(keys, answer.response.results, strict=False)
        }


class DescribeAcls:
    """Ask any broker for the ACLs that a filter matches."""

    noun: Final = "ACLs of"
    lookup: Final = to_any()
    verdicts: Final[Verdicts] = {}

    def build(self, keys: Sequence[ACLFilter], timeout_ms: int) -> DescribeAclsRequest:
        """Return the request for the one filter that there is."""
        del timeout_ms
        wanted = keys[0]
        return DescribeAclsRequest(
            resource_type_filter=wanted.resource_pattern.resource_type,
            resource_name_filter=wanted.resource_pattern.resource_name,
            pattern_type_filter=wanted.resource_pattern.pattern_type,
            principal_filter=wanted.principal,
            host_filter=wanted.host,
            operation=wanted.operation,
            permission_type=wanted.permission_type,
        )

    def read(
        self, answer: Answer[DescribeAclsResponse], keys: Sequence[ACLFilter]
    ) -> dict[ACLFilter, list[ACL] | KafkaError]:
        """Return the ACLs."""
        response = answer.response
        code, text = response.error_code, response.error_message
        if code:
            return {key: answer.error(code, text, f"{self.noun} {key}") for key in keys}
        found = [
            _acl(
                _pattern(resource.resource_type, resource.resource_name, resource.pattern_type),
                acl.principal,
                acl.host,
                acl.operation,
                acl.permission_type,
            )
            for resource in response.resources
            for acl in resource.acls
        ]
        return dict.fromkeys(keys, found)


class DeleteAcls:
    """Have a broker delete the ACLs that filters match; it passes them on to the controller."""

    noun: Final = "ACLs of"
    lookup: Final = to_any(ANY_ONCE)
    verdicts: Final[Verdicts] = {}

    def build(self, keys: Sequence[ACLFilter], timeout_ms: int) -> DeleteAclsRequest:
        """Return the request for the filters *keys*."""
        del timeout_ms
        return DeleteAclsRequest(
            filters=[
                DeleteAclsRequest.DeleteAclsFilter(
                    resource_type_filter=wanted.resource_pattern.resource_type,
                    resource_name_filter=wanted.resource_pattern.resource_name,
                    pattern_type_filter=wanted.resource_pattern.pattern_type,
                    principal_filter=wanted.principal,
                    host_filter=wanted.host,
                    operation=wanted.operation,
                    permission_type=wanted.permission_type,
                )
                for wanted in keys
            ]
        )

    def read(
        self, answer: Answer[DeleteAclsResponse], keys: Sequence[ACLFilter]
    ) -> dict[ACLFilter, list[Match] | KafkaError]:
        """Return, by filter, what it matched, and why one of that was not deleted."""
        found: dict[ACLFilter, list[Match] | KafkaError] = {}
        for wanted, result in zip(keys, answer.response.filter_results, strict=False):
            if result.error_code:
                found[wanted] = answer.error(
                    result.error_code, result.error_message, f"{self.noun} {wanted}"
                )
                continue
            matches: list[Match] = []
            for match in result.matching_acls:
                acl = _acl(
                    _pattern(match.resource_type, match.resource_name, match.pattern_type),
                    match.principal,
                    match.host,
                    match.operation,
                    match.permission_type,
                )
                code, text = match.error_code, match.error_message
                error = answer.error(code, text, f"the ACL {acl}") if code else None
                matches.append(Match(acl, error))
            found[wanted] = matches
        return found


def _pattern(kind: int, name: str, pattern: int) -> ResourcePattern:
    return ResourcePattern(ResourceType(kind), name, ACLResourcePatternType(pattern))


def _acl(pattern: ResourcePattern, principal: str, host: str, op: int, permission: int) -> ACL:
    return ACL(principal, host, ACLOperation(op), ACLPermissionType(permission), pattern)
