"""The story: three brokers, three members, and one fault after another.

Job: cause the faults, wait each time until all partitions are read again, and tell what came of it.
Limits: one fault at a time, so that a standstill has one cause; real time.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from test.chaos import reading
from test.chaos.settings import BROKER_PROPERTIES, BROKER_SESSION, SESSION
from test.support.apache_kafka import KafkaCluster, wire
from test.support.group_workers import NumberStream, until

if TYPE_CHECKING:
    from collections.abc import Callable

_ROOT = Path(__file__).parents[2]
_TOPIC = "chaos"
_MEMBERS = 3
_PARTITIONS = 6
# Seconds between two records; each partition gets one 20 times a second.
_PAUSE = 1 / (20 * _PARTITIONS)
# A partition of which nothing was read for so many seconds stands still.
_STILL = 1.0
_PATIENCE = 90.0
# Seconds that a broker may take to say what it knows.
_ANSWER = 2.0
# Bytes of more lines than a member prints within that second.
_TAIL = 16_384


class Fault(NamedTuple):
    """One fault.

    Args:
        at: when, in seconds from the beginning.
        name: what was done to whom.
        seconds: how long it keeps a partition from being read, whatever the members do: the session
            of a member; of a broker the time until the others have noticed, and have elected.
        standstill: the longest one between it and the next fault; it counts from the beginning.
        repeated: how many records were read again between it and the next fault.
    """

    at: float
    name: str
    seconds: float
    standstill: reading.Standstill
    repeated: int

    @property
    def excess(self) -> float:
        """Seconds that a partition stood still longer than it had to."""
        return self.standstill.seconds - self.seconds


class Outcome(NamedTuple):
    """What came of the story.

    Args:
        sent: records that the brokers have acknowledged.
        lost: those of them that nobody has read.
        faults: in the order in which they happened.
    """

    sent: int
    lost: list[int]
    faults: list[Fault]

    @property
    def worst(self) -> Fault:
        """The fault that a partition stood still for longest beyond the fault itself."""
        return max(self.faults, key=lambda fault: fault.excess)

    def __str__(self) -> str:
        rows = [
            f"at {fault.at:5.1f} s: {fault.name:20} ({fault.seconds:.1f} s); longest standstill "
            f"{fault.standstill.seconds:4.1f} s of partition {fault.standstill.partition}, "
            f"since {fault.standstill.since:5.1f} s; {fault.repeated} read again"
            for fault in self.faults
        ]
        repeated = sum(fault.repeated for fault in self.faults)
        total = f"sent {self.sent}, lost {len(self.lost)}, read again {repeated}; "
        longest = max(fault.standstill.seconds for fault in self.faults)
        total += f"longest standstill: {longest:.1f} s; beyond the fault: {self.worst.excess:.1f} s"
        return "\n".join([*rows, total])


class _Member:
    """A process that reads."""

    def __init__(self, servers: list[str], protocol: str, output: Path) -> None:
        self.output = output
        words = ["-m", "test.chaos.member", ",".join(servers), _TOPIC, protocol]
        with output.open("wb") as out, output.with_suffix(".log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, *words], stdin=subprocess.PIPE, stdout=out, stderr=log, cwd=_ROOT
            )

    @property
    def log(self) -> str:
        return self.output.with_suffix(".log").read_text(errors="replace")

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._let_go()

    def _let_go(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()

    def stop(self) -> None:
        """End it in order.

        Raises:
            AssertionError: it failed.
        """
        self.signal(signal.SIGTERM)
        try:
            code = self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self._let_go()
        assert code == 0, f"a member ended with {code}:\n{self.log[-4000:]}"


class Story:
    """One run.

    Args:
        release: of Apache Kafka.
        protocol: of the group.
        seconds: no fault begins later than this; each kind of fault happens once at least.
        seed: chooses the victims.
        tell: called with a line about each event.
    """

    def __init__(
        self,
        release: str,
        protocol: str,
        seconds: float,
        seed: int,
        tell: Callable[[str], object],
    ) -> None:
        self._release = release
        self._protocol = protocol
        self._seconds = seconds
        self._random = random.Random(seed)
        self._tell = tell
        self._members: list[_Member] = []
        self._outputs: list[Path] = []
        self._faults: list[tuple[str, float, float]] = []
        self._begin = 0.0

    def run(self) -> Outcome:
        """Tell the story.

        Raises:
            AssertionError: a partition was not read again, or a member failed.
        """
        with KafkaCluster(self._release, 3, properties=BROKER_PROPERTIES) as self._cluster:
            self._cluster.create_topic(_TOPIC, _PARTITIONS, 3, {"min.insync.replicas": "2"})
            stream = NumberStream(self._cluster.bootstrap_servers, _TOPIC, _PARTITIONS, _PAUSE)
            try:
                for _ in range(_MEMBERS):
                    self._start_member()
                self._go_on()
                self._cause_faults()
                sent = stream.stop()
                until(lambda: not reading.lost(self._reads(), sent), self._logs, _PATIENCE)
                for member in self._members:
                    member.stop()
            finally:
                stream.stop()
                for member in self._members:
                    member.kill()
            return self._outcome(sent)

    def _cause_faults(self) -> None:
        kinds = [self._kill_member, self._kill_broker, self._freeze_member]
        self._begin = time.monotonic()
        for number, cause in enumerate(kinds * 1000):
            if number >= len(kinds) and time.monotonic() - self._begin > self._seconds:
                return
            cause()

    # -- faults ----------------------------------------------------------------------------------

    def _kill_member(self) -> None:
        victim = self._random.randrange(_MEMBERS)
        self._note("a member is killed", SESSION)
        self._members.pop(victim).kill()
        self._start_member()
        self._go_on()

    def _freeze_member(self) -> None:
        victim = self._random.choice(self._members)
        self._note("a member is stopped", SESSION)
        victim.signal(signal.SIGSTOP)
        thaw = time.monotonic() + SESSION + 3
        until(lambda: time.monotonic() >= thaw, self._logs)
        victim.signal(signal.SIGCONT)
        self._go_on()

    def _kill_broker(self) -> None:
        victim = self._random.choice(self._cluster.nodes)
        name = f"broker {victim} is killed"
        self._note(name, BROKER_SESSION)
        self._cluster.kill(victim)
        _, _, at = self._faults[-1]
        self._await_leaders(victim)
        self._faults[-1] = name, time.monotonic() - at, at
        self._go_on()
        self._cluster.start(victim)
        self._go_on()

    def _await_leaders(self, victim: int) -> None:
        """Return when the other brokers know leaders, and so coordinators, in place of *victim*."""
        ports = [self._cluster.port(node) for node in self._cluster.nodes if node != victim]
        until(lambda: all(_is_led(port, victim) for port in ports), self._logs, _PATIENCE)

    def _note(self, name: str, seconds: float) -> None:
        self._faults.append((name, seconds, time.monotonic()))
        self._tell(name)

    # -- members ---------------------------------------------------------------------------------

    def _start_member(self) -> None:
        output = self._cluster.directory / f"member-{len(self._outputs)}.out"
        self._outputs.append(output)
        self._members.append(_Member(self._cluster.bootstrap_servers, self._protocol, output))

    def _reads(self) -> list[reading.Read]:
        return [read for output in self._outputs for read in reading.parse(output.read_text())]

    def _go_on(self) -> None:
        """Return when each partition, and each member, has read within the last second."""
        start = time.monotonic()

        def all_move() -> bool:
            now = time.monotonic()
            partitions = dict.fromkeys(range(_PARTITIONS), 0.0)
            members = []
            for member in self._members:
                reads = _tail(member.output)
                partitions |= {read.partition: read.at for read in reads if read.at > now - _STILL}
                members.append(reads[-1].at if reads else 0.0)
            stillest = min(*members, *partitions.values())
            return now - start > 2 * _STILL and stillest > now - _STILL

        until(all_move, self._logs, _PATIENCE)

    def _logs(self) -> str:
        return "\n\n".join(
            f"{output.name}:\n{output.with_suffix('.log').read_text(errors='replace')[-3000:]}"
            for output in self._outputs
        )

    def _outcome(self, sent: int) -> Outcome:
        reads = self._reads()
        found, again = reading.standstills(reads), reading.repeated(reads)
        ends = [at for _, _, at in self._faults[1:]] + [time.monotonic()]
        faults = []
        for (name, seconds, begin), end in zip(self._faults, ends, strict=True):
            # The longest first. Most of one that begins just before a fault lies behind it.
            standstill = next(
                still for still in found if begin <= still.since + still.seconds / 2 < end
            )
            since = standstill._replace(since=standstill.since - self._begin)
            repeated = sum(begin <= read.at < end for read in again)
            faults.append(Fault(begin - self._begin, name, seconds, since, repeated))
        return Outcome(sent, reading.lost(reads, sent), faults)


def _is_led(port: int, without: int) -> bool:
    """Return whether the broker on *port* knows a leader, other than one, of each partition."""
    try:
        leaders = wire.metadata(port, _ANSWER).leaders
    except OSError:
        return False
    return all(leader not in {-1, without} for found in leaders.values() for leader in found)


def _tail(output: Path) -> list[reading.Read]:
    """Return the last records that a member has read: enough to know what it reads now."""
    with output.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL))
        text = file.read().decode()
    # The first line may be half of one.
    return reading.parse(text if size <= _TAIL else text.partition("\n")[2])
