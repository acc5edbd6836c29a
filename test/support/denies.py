"""An authorizer for tests: everything is allowed but what is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kafka.testing.broker.authorizer import Operation, Principal, ResourceType


class Denies:
    """Denies operations on types of resources; ``None`` stands for every operation or type."""

    def __init__(self, *denied: tuple[Operation | None, ResourceType | None]) -> None:
        self._denied = denied

    def allows(
        self, who: Principal, host: str, operation: Operation, kind: ResourceType, name: str
    ) -> bool:
        return self.allows_some(who, host, operation, kind)

    def allows_some(
        self, who: Principal, host: str, operation: Operation, kind: ResourceType
    ) -> bool:
        return not any(
            what in {None, operation} and where in {None, kind} for what, where in self._denied
        )
