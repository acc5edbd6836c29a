"""ACLs: bindings, filters, and the decision of KIP-11, KIP-290 and KIP-679.  Pure.

Nothing is forbidden to super users. A deny that matches wins over every allow. READ, WRITE, DELETE
and ALTER imply DESCRIBE, ALTER_CONFIGS implies DESCRIBE_CONFIGS; a deny implies nothing. A resource
without any ACL is closed, or open if so configured.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from kafka.testing.broker.authorizer import Operation, Principal, ResourceType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ANY = 1
ALL = 2
WILDCARD = "*"

_DESCRIBES = frozenset((Operation.READ, Operation.WRITE, Operation.DELETE, Operation.ALTER))
_IMPLIED_BY = {
    Operation.DESCRIBE: _DESCRIBES,
    Operation.DESCRIBE_CONFIGS: frozenset((Operation.ALTER_CONFIGS,)),
}


class PatternType(IntEnum):
    """How a resource name is meant, by Kafka's numbers; ANY and MATCH are for filters."""

    ANY = 1
    MATCH = 2
    LITERAL = 3
    PREFIXED = 4


class Permission(IntEnum):
    """The permission of an ACL, by Kafka's numbers; ANY is for filters."""

    ANY = 1
    DENY = 2
    ALLOW = 3


class AclBinding(NamedTuple):
    """One ACL.

    Attributes:
        principal: ``User:name``, or ``User:*`` for everybody.
        host: address of the client, or ``*``.
        operation: number of an `Operation`, or `ALL`.
    """

    resource_type: int
    resource_name: str
    pattern_type: int
    principal: str
    host: str
    operation: int
    permission: int

    def covers(self, kind: ResourceType, name: str) -> bool:
        """Return whether its pattern covers a resource."""
        if self.resource_type != kind:
            return False
        if self.pattern_type == PatternType.PREFIXED:
            return name.startswith(self.resource_name)
        return self.resource_name in {WILDCARD, name}

    def concerns(self, who: Principal, host: str) -> bool:
        """Return whether it is about a principal at a host."""
        principals = {f"{who.kind}:{who.name}", f"{who.kind}:{WILDCARD}"}
        return self.principal in principals and self.host in {WILDCARD, host}

    def decides(self, operation: Operation) -> bool:
        """Return whether it allows or denies *operation*."""
        if self.operation in {ALL, operation}:
            return True
        return self.permission == Permission.ALLOW and self.operation in _IMPLIED_BY.get(
            operation, ()
        )


class AclFilter(NamedTuple):
    """A filter of ACLs; ``None`` and `ANY` match everything."""

    resource_type: int = ANY
    resource_name: str | None = None
    pattern_type: int = PatternType.ANY
    principal: str | None = None
    host: str | None = None
    operation: int = ANY
    permission: int = ANY

    def matches(self, acl: AclBinding) -> bool:
        """Return whether *acl* is one of them."""
        return (
            self.resource_type in {ANY, acl.resource_type}
            and self._matches_pattern(acl)
            and self.principal in {None, acl.principal}
            and self.host in {None, acl.host}
            and self.operation in {ANY, acl.operation}
            and self.permission in {ANY, acl.permission}
        )

    def _matches_pattern(self, acl: AclBinding) -> bool:
        wanted, name = self.pattern_type, self.resource_name
        if wanted not in {PatternType.ANY, PatternType.MATCH, acl.pattern_type}:
            return False
        if name is None:
            return True
        if wanted != PatternType.MATCH:
            return name == acl.resource_name
        if acl.pattern_type == PatternType.PREFIXED:
            return name.startswith(acl.resource_name)
        return acl.resource_name in {WILDCARD, name}


class AclStore:
    """The ACLs of a cluster."""

    def __init__(self) -> None:
        self._acls: dict[AclBinding, None] = {}

    def __len__(self) -> int:
        return len(self._acls)

    def add(self, acl: AclBinding) -> None:
        """Add one; one that is there stays."""
        self._acls[acl] = None

    def find(self, wanted: AclFilter) -> list[AclBinding]:
        """Return those that match, oldest first."""
        return [acl for acl in self._acls if wanted.matches(acl)]

    def remove(self, acls: Iterable[AclBinding]) -> None:
        """Remove some; those that are not there are ignored."""
        for acl in acls:
            self._acls.pop(acl, None)

    def where(self, test: Callable[[AclBinding], bool]) -> list[AclBinding]:
        """Return those that pass *test*."""
        return [acl for acl in self._acls if test(acl)]


class AclAuthorizer:
    """Decides by an `AclStore`.

    Args:
        acls: the ACLs.
        super_users: ``User:name`` of the users that may do everything.
        open_by_default: resources without ACLs are open to everybody.
    """

    def __init__(
        self, acls: AclStore, *, super_users: Iterable[str] = (), open_by_default: bool = False
    ) -> None:
        self._acls = acls
        self._super_users = frozenset(super_users)
        self._open_by_default = open_by_default

    def allows(
        self, who: Principal, host: str, operation: Operation, kind: ResourceType, name: str
    ) -> bool:
        """Return whether *who* may do *operation* on the resource *name* of type *kind*."""
        if f"{who.kind}:{who.name}" in self._super_users:
            return True
        covering = self._acls.where(lambda acl: acl.covers(kind, name))
        if not covering:
            return self._open_by_default
        permissions = {
            acl.permission for acl in covering if acl.concerns(who, host) and acl.decides(operation)
        }
        return Permission.ALLOW in permissions and Permission.DENY not in permissions

    def allows_some(
        self, who: Principal, host: str, operation: Operation, kind: ResourceType
    ) -> bool:
        """Return whether there may be a resource of type *kind* that *who* may use (KIP-679)."""
        if f"{who.kind}:{who.name}" in self._super_users:
            return True
        found = self._acls.where(
            lambda acl: (
                acl.resource_type == kind and acl.concerns(who, host) and acl.decides(operation)
            )
        )
        denied = [acl for acl in found if acl.permission == Permission.DENY]
        if any(_is_everything(acl) for acl in denied):
            return False
        if self._open_by_default:
            return True
        return any(
            acl.permission == Permission.ALLOW and not _is_covered(acl, denied) for acl in found
        )


def _is_everything(acl: AclBinding) -> bool:
    return acl.resource_name == WILDCARD and acl.pattern_type == PatternType.LITERAL


def _is_covered(allow: AclBinding, denied: Iterable[AclBinding]) -> bool:
    """Return whether every name that *allow* covers is denied by one of *denied*."""
    for deny in denied:
        if deny.pattern_type == PatternType.PREFIXED:
            if allow.resource_name.startswith(deny.resource_name) and not _is_everything(allow):
                return True
        elif deny.resource_name == allow.resource_name and (
            allow.pattern_type == PatternType.LITERAL
        ):
            return True
    return False
