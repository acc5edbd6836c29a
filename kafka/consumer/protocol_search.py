"""Find out which protocol a group is to use; runs on the loop.

A broker has to be asked what it can do, and the one to ask is the coordinator, which has to be
found in any case.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from kafka._base.logs import logger
from kafka.coordinator.classic_requests import may_pass
from kafka.errors import KafkaError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.consumer.group_ports import GroupPorts, MakeMembership

log = logger(__name__)

# Seconds from a refusal to name the coordinator to the next look-up.
_FIND_AGAIN_AFTER: Final = 1.0


class ProtocolSearch:
    """One attempt after the other to choose, until one succeeds or nobody wants it any more.

    Args:
        group_id: the group.
        ports: the coordinator, and whom to ask.
        on_made: called with what makes a membership.
    """

    def __init__(
        self, group_id: str, ports: GroupPorts, on_made: Callable[[MakeMembership], None]
    ) -> None:
        self._group_id = group_id
        self._ports = ports
        self._on_made = on_made
        self._task: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<ProtocolSearch {self._group_id} {'BUSY' if self.is_busy else 'IDLE'}>"

    @property
    def is_busy(self) -> bool:
        """Whether a broker is asked, or will be without a call of the application."""
        return self._task is not None

    def begin(self) -> None:
        """Look for the coordinator."""
        self._ports.link.find()

    def on_coordinator(self, node_id: int | None, error: KafkaError | None) -> None:
        """Ask *node_id*; without one, raise the *error*, and look again if that may help."""
        if error is not None:
            passes = may_pass(error)
            self._ports.errors.put_group_error(error, fatal=not passes)
            if passes and self._task is None:
                self._task = self._ports.runtime.spawn(self._find_later(), name="kafka-find")
        elif node_id is not None and self._task is None:
            self._task = self._ports.runtime.spawn(self._choose(node_id), name="kafka-choose")

    def cancel(self) -> None:
        """Ask nobody any more."""
        if self._task is not None:
            self._task.cancel()

    async def _choose(self, node_id: int) -> None:
        try:
            make = await self._ports.choose(node_id)
        except KafkaError as error:
            log.info("group=%s node=%d could not be asked: %s", self._group_id, node_id, error)
            self._ports.link.find()
            return
        finally:
            self._task = None
        self._on_made(make)

    async def _find_later(self) -> None:
        try:
            await asyncio.sleep(_FIND_AGAIN_AFTER)
        finally:
            self._task = None
        self._ports.link.find()
