"""The classes that users subclass to hear of changes of the assignment.  Pure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kafka.structs import TopicPartition


class ConsumerRebalanceListener(ABC):
    """React to partitions that come and go; called on the thread that polls.

    Inside a callback the consumer may be used: to commit, seek, pause or ask for positions.
    """

    @abstractmethod
    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Finish work on *revoked* before other members may read these partitions.

        Args:
            revoked: the partitions given up, still owned while this runs.
        """

    @abstractmethod
    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Prepare for *assigned* before the first record of these partitions is returned.

        Args:
            assigned: the partitions that are new in the assignment.
        """

    def on_partitions_lost(self, lost: set[TopicPartition]) -> None:
        """Clean up after *lost*, which other members may own already (KIP-429).

        Args:
            lost: the partitions that are gone. By default they are treated as revoked.
        """
        self.on_partitions_revoked(lost)


class AsyncConsumerRebalanceListener(ABC):
    """React to partitions that come and go, with coroutines awaited by the polling task."""

    @abstractmethod
    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Finish work on *revoked* before other members may read these partitions.

        Args:
            revoked: the partitions given up, still owned while this runs.
        """

    @abstractmethod
    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Prepare for *assigned* before the first record of these partitions is returned.

        Args:
            assigned: the partitions that are new in the assignment.
        """

    async def on_partitions_lost(self, lost: set[TopicPartition]) -> None:
        """Clean up after *lost*, which other members may own already (KIP-429).

        Args:
            lost: the partitions that are gone. By default they are treated as revoked.
        """
        await self.on_partitions_revoked(lost)
