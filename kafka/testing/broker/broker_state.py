"""What one broker knows: its id, its cluster, the APIs it serves and its subsystems.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kafka.testing.broker.api_ranges import Api
    from kafka.testing.broker.cluster import Cluster

T = TypeVar("T")


class BrokerState:
    """The state of one broker of a cluster.

    Attributes:
        apis: what it serves, by API key.
    """

    def __init__(self, node_id: int, cluster: Cluster, apis: Mapping[int, Api]) -> None:
        self.node_id = node_id
        self.cluster = cluster
        self.apis = apis
        self._components: dict[object, object] = {}

    def component(self, factory: Callable[[BrokerState], T]) -> T:
        """Return the subsystem that *factory* makes for this broker; make it on first use."""
        found = self._components.get(factory)
        if found is None:
            found = self._components[factory] = factory(self)
        return cast("T", found)  # each factory is stored beside what it returned

    def forget(self) -> None:
        """Drop the state that a broker loses when its process dies."""
        self._components.clear()
