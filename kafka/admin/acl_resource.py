"""Access rules (KIP-140, KIP-290): who may do what with what.  Pure; also the place of 2.x."""

from __future__ import annotations

from kafka.admin.named_enum import LenientIntEnum
from kafka.errors import IllegalArgumentError


class ResourceType(LenientIntEnum):
    """Kinds of resources that rules are about."""

    UNKNOWN = 0
    ANY = 1
    TOPIC = 2
    GROUP = 3
    CLUSTER = 4
    TRANSACTIONAL_ID = 5
    DELEGATION_TOKEN = 6
    USER = 7


class ACLOperation(LenientIntEnum):
    """What a rule is about; ``ANY`` in filters only."""

    UNKNOWN = 0
    ANY = 1
    ALL = 2
    READ = 3
    WRITE = 4
    CREATE = 5
    DELETE = 6
    ALTER = 7
    DESCRIBE = 8
    CLUSTER_ACTION = 9
    DESCRIBE_CONFIGS = 10
    ALTER_CONFIGS = 11
    IDEMPOTENT_WRITE = 12
    CREATE_TOKENS = 13
    DESCRIBE_TOKENS = 14


class ACLPermissionType(LenientIntEnum):
    """Whether a rule allows or denies; ``ANY`` in filters only."""

    UNKNOWN = 0
    ANY = 1
    DENY = 2
    ALLOW = 3


class ACLResourcePatternType(LenientIntEnum):
    """How the name of a rule matches resources; ``ANY`` and ``MATCH`` in filters only."""

    UNKNOWN = 0
    ANY = 1
    MATCH = 2
    LITERAL = 3
    PREFIXED = 4


class ResourcePatternFilter:
    """Which resources' rules are looked for.

    Args:
        resource_type: kind of the resources.
        resource_name: their name, ``None`` for any.
        pattern_type: how rules name them.
    """

    def __init__(
        self,
        resource_type: ResourceType,
        resource_name: str | None,
        pattern_type: ACLResourcePatternType,
    ) -> None:
        self.resource_type = resource_type
        self.resource_name = resource_name
        self.pattern_type = pattern_type
        self.validate()

    def validate(self) -> None:
        """Raise `IllegalArgumentError` for a field of the wrong type."""
        _check("resource_type", self.resource_type, ResourceType)
        _check("pattern_type", self.pattern_type, ACLResourcePatternType)
        if self.resource_name is not None:
            _check("resource_name", self.resource_name, str)

    def __repr__(self) -> str:
        """Return the fields."""
        return (
            f"<{type(self).__name__} type={self.resource_type.name}, name={self.resource_name}, "
            f"pattern={self.pattern_type.name}>"
        )

    def __eq__(self, other: object) -> bool:
        """Return whether all fields are equal."""
        return isinstance(other, ResourcePatternFilter) and vars(self) == vars(other)

    def __hash__(self) -> int:
        """Return a hash of all fields."""
        return hash((self.resource_type, self.resource_name, self.pattern_type))


class ResourcePattern(ResourcePatternFilter):
    """The resources that a rule is about.

    Args:
        resource_type: their kind.
        resource_name: their name; ``*`` for all.
        pattern_type: whether that is the whole name or its beginning.
    """

    resource_name: str

    def __init__(
        self,
        resource_type: ResourceType,
        resource_name: str,
        pattern_type: ACLResourcePatternType = ACLResourcePatternType.LITERAL,
    ) -> None:
        super().__init__(resource_type, resource_name, pattern_type)

    def validate(self) -> None:
        """Raise `IllegalArgumentError` for what only a filter may say."""
        super().validate()
        if self.resource_type is ResourceType.ANY:
            raise IllegalArgumentError("resource_type cannot be ANY, but in a filter")
        if self.pattern_type in (ACLResourcePatternType.ANY, ACLResourcePatternType.MATCH):
            raise IllegalArgumentError(
                f"pattern_type cannot be {self.pattern_type.name}, but in a filter"
            )
        if not isinstance(self.resource_name, str) or not self.resource_name:
            raise IllegalArgumentError("resource_name must be a name, or '*' for all resources")


class ACLFilter:
    """Which rules are looked for.

    Args:
        principal: such as ``User:alice``; ``None`` for any.
        host: where the principal connects from; ``None`` for any.
        operation: what the rules are about.
        permission_type: whether they allow or deny.
        resource_pattern: the resources.
    """

    def __init__(
        self,
        principal: str | None,
        host: str | None,
        operation: ACLOperation,
        permission_type: ACLPermissionType,
        resource_pattern: ResourcePatternFilter,
    ) -> None:
        self.principal = principal
        self.host = host
        self.operation = operation
        self.permission_type = permission_type
        self.resource_pattern = resource_pattern
        self.validate()

    def validate(self) -> None:
        """Raise `IllegalArgumentError` for a field of the wrong type."""
        _check("operation", self.operation, ACLOperation)
        _check("permission_type", self.permission_type, ACLPermissionType)
        _check("resource_pattern", self.resource_pattern, ResourcePatternFilter)
        for field, value in (("principal", self.principal), ("host", self.host)):
            if value is not None:
                _check(field, value, str)

    def __repr__(self) -> str:
        """Return the fields."""
        return (
            f"<{type(self).__name__} principal={self.principal}, "
            f"resource={self.resource_pattern!r}, operation={self.operation.name}, "
            f"type={self.permission_type.name}, host={self.host}>"
        )

    def __eq__(self, other: object) -> bool:
        """Return whether all fields are equal."""
        return isinstance(other, ACLFilter) and vars(self) == vars(other)

    def __hash__(self) -> int:
        """Return a hash of all fields."""
        return hash(tuple(vars(self).values()))


class ACL(ACLFilter):
    """A rule.

    Args:
        principal: such as ``User:alice``.
        host: where the principal connects from; ``*`` for anywhere.
        operation: what is allowed or denied.
        permission_type: which of both.
        resource_pattern: the resources.
    """

    principal: str
    host: str
    resource_pattern: ResourcePattern

    def __init__(
        self,
        principal: str,
        host: str,
        operation: ACLOperation,
        permission_type: ACLPermissionType,
        resource_pattern: ResourcePattern,
    ) -> None:
        super().__init__(principal, host, operation, permission_type, resource_pattern)

    def validate(self) -> None:
        """Raise `IllegalArgumentError` for what only a filter may say."""
        super().validate()
        if self.operation is ACLOperation.ANY:
            raise IllegalArgumentError("operation must not be ANY, but in a filter")
        if self.permission_type is ACLPermissionType.ANY:
            raise IllegalArgumentError("permission_type must not be ANY, but in a filter")
        _check("resource_pattern", self.resource_pattern, ResourcePattern)
        for field, value in (("principal", self.principal), ("host", self.host)):
            _check(field, value, str)
            if not value:
                raise IllegalArgumentError(f"{field} must not be empty")


def _check(field: str, value: object, kind: type) -> None:
    if not isinstance(value, kind):
        raise IllegalArgumentError(f"{field} must be a {kind.__name__}, not {value!r}")
