"""Harm done to the brokers of a cluster, one broker at a time, while programs write to it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from test.chaos.settings import BROKER_SESSION
from test.support.apache_kafka import ConsoleTools

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from test.support.apache_kafka import KafkaCluster

_AWAY: Final = (0.0, BROKER_SESSION + 2.0)


class BrokerHarms:
    """What happens to three brokers in turn; when a call returns, all of them serve again.

    Args:
        cluster: started.
        random: chooses the victims, and for how long.
        tell: called with a line about each event.
    """

    def __init__(
        self, cluster: KafkaCluster, random: Random, tell: Callable[[str], object]
    ) -> None:
        self._cluster = cluster
        self._random = random
        self._tell = tell
        self._turn = 0
        self.count = 0

    def next(self) -> None:
        """Do the next harm."""
        kinds = (self._kill, self._freeze, self._restart, self._move_leaders)
        kinds[self._turn % len(kinds)]()
        self._turn += 1
        self.count += 1

    def _victim(self) -> int:
        return self._random.choice(self._cluster.nodes)

    def _pause(self) -> None:
        threading.Event().wait(self._random.uniform(*_AWAY))

    def _kill(self) -> None:
        victim = self._victim()
        self._tell(f"broker {victim} is killed")
        self._cluster.kill(victim)
        self._pause()
        self._cluster.start(victim)

    def _freeze(self) -> None:
        victim = self._victim()
        self._tell(f"broker {victim} is stopped")
        self._cluster.freeze(victim)
        self._pause()
        self._cluster.thaw(victim)

    def _restart(self) -> None:
        victim = self._victim()
        self._tell(f"broker {victim} is restarted")
        self._cluster.stop(victim)
        self._cluster.start(victim)

    def _move_leaders(self) -> None:
        self._tell("leaders move to where they belong")
        words = ("--election-type", "preferred", "--all-topic-partitions")
        servers = ",".join(self._cluster.bootstrap_servers)
        ConsoleTools(self._cluster).run(
            "org.apache.kafka.tools.LeaderElectionCommand", "--bootstrap-server", servers, *words
        )
