"""The page on groups: every program, snippet and session of it works as it stands."""

from __future__ import annotations

import doctest
import os
import re
import signal
import subprocess
import sys
import textwrap
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

import kafka
from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.consumer.fetch_planner import Reason
from test.support.group_stories import Noting
from test.support.stage import cluster_of
from test.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kafka.testing import EmbeddedCluster

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/groups.rst").read_text(encoding="utf-8")
TPS = [TopicPartition("orders", number) for number in range(4)]


def blocks(kind: str) -> list[str]:
    found = re.findall(rf"\.\. code-block:: {kind}\n\n((?:   .*\n|\n)+)", PAGE)
    return [textwrap.dedent(block).rstrip() + "\n" for block in found]


PYTHON = blocks("python")
RECIPES = [block for block in PYTHON if "signal" in block]
PROGRAMS = [block for block in PYTHON if "bootstrap_servers" in block and block not in RECIPES]
SNIPPETS = [block for block in PYTHON if "bootstrap_servers" not in block]
SESSIONS = blocks("pycon")


@contextmanager
def cluster_with_orders() -> Iterator[EmbeddedCluster]:
    with cluster_of(topics={"orders": 4, "returns": 1, "orders-new": 1}) as running:
        for tp in TPS:
            running.append("orders", *[b"%d" % n for n in range(5)], partition=tp.partition)
        yield running


@pytest.fixture
def cluster() -> Iterator[EmbeddedCluster]:
    with cluster_with_orders() as running:
        yield running


# Any: options of every type.
@contextmanager
def member(cluster: EmbeddedCluster, *topics: str, **options: Any) -> Iterator[KafkaConsumer]:
    options = {"auto_offset_reset": "earliest", "enable_auto_commit": False, **options}
    with KafkaConsumer(
        *topics, bootstrap_servers=cluster.bootstrap_servers, group_id="billing", **options
    ) as consumer:
        yield consumer


class Running:
    """A program of the page as a process of its own.

    Args:
        block: the program.
        cluster: what it talks to.
        directory: where it is written, and what it prints.
        options: further options of its consumer, with a comma in front.
    """

    def __init__(
        self, block: str, cluster: EmbeddedCluster, directory: Path, options: str = ""
    ) -> None:
        self.cluster = cluster
        self._output, self._errors = directory / "output", directory / "errors"
        servers = f'bootstrap_servers="{cluster.bootstrap_servers[0]}"{options}'
        program = directory / "program.py"
        told = block.replace('bootstrap_servers="localhost:9092"', servers)
        # It has one second for the group and its first records; with ten of them it may take more.
        told = told.replace("getmany(timeout_ms=1000)", "getmany(timeout_ms=200_000)")
        program.write_text(told)
        with self._output.open("w") as output, self._errors.open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, str(program)],
                env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"},
                stdout=output,
                stderr=errors,
            )

    @property
    def printed(self) -> list[str]:
        return self._output.read_text().splitlines()

    def finish(self) -> None:
        status = self.process.wait(280)
        assert (status, self._errors.read_text()) == (0, "")


# -- programs ------------------------------------------------------------------------------


class Outcome(NamedTuple):
    """What a program leaves.

    Args:
        words: what tells it from the other programs of the page.
        lines: how many lines it prints.
        committed: the sum of the offsets that the group has committed.
        members: instance ids of those who are members at the end.
    """

    words: str
    lines: int = 20
    committed: int = 20
    members: tuple[str, ...] = ()


OUTCOMES = [
    Outcome("key=%s value=%s"),
    Outcome("multiprocessing"),
    Outcome("async for record in consumer:\n            print(record.partition, record.offset)"),
    Outcome("CooperativeStickyAssignor"),
    Outcome("class Totals", lines=4),
    Outcome("class CommitFirst", lines=24),
    Outcome("max_poll_records=10"),
    Outcome("await commit", lines=4),
    Outcome("group_instance_id", members=("worker-1",)),
    Outcome("consumer.assign(", lines=5, committed=5),
]


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Running]]:
    """Run all programs at once: each of them waits most of the time."""
    with ExitStack() as stack:
        running = []
        for block in PROGRAMS:
            cluster = stack.enter_context(cluster_with_orders())
            directory = tmp_path_factory.mktemp("program")
            # Users end these programs; here they end when all is read. They start all at once, and
            # a busy machine may take half a minute to get them to their first record.
            program = Running(block, cluster, directory, ", consumer_timeout_ms=30_000")
            stack.callback(program.process.kill)
            running.append(program)
        yield running


@pytest.mark.parametrize("number", range(len(OUTCOMES)))
def test_a_program_does_what_the_page_says(programs: list[Running], number: int) -> None:
    program, outcome = programs[number], OUTCOMES[number]
    assert outcome.words in PROGRAMS[number]
    program.finish()
    assert len(program.printed) == outcome.lines, program.printed
    group = program.cluster.group("billing")
    assert tuple(member.instance_id for member in group.members) == outcome.members
    assert sum(group.offsets.values()) == outcome.committed


def test_each_program_of_the_page_has_an_outcome() -> None:
    assert len(PROGRAMS) == len(OUTCOMES)


# -- recipes for SIGTERM -------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="has no SIGTERM")
@pytest.mark.parametrize("number", range(len(RECIPES)))
def test_a_recipe_ends_on_sigterm_and_has_committed_what_it_has_printed(
    cluster: EmbeddedCluster, number: int, tmp_path: Path
) -> None:
    program = Running(RECIPES[number], cluster, tmp_path)
    try:
        until(lambda: program.printed)
        program.process.send_signal(signal.SIGTERM)
        program.finish()
    finally:
        program.process.kill()
    group = cluster.group("billing")
    assert group.members == ()
    assert sum(group.offsets.values()) == len(program.printed)


# -- snippets, which go on with the programs -----------------------------------------------

# What tells each from the others; each has a test below.
PATTERN, DATABASE, BY_TOPIC, BATCH, LESS, LATER, COMMITTED = (
    "pattern=",
    "class FromDatabase",
    '"returns": other',
    "print(partition.partition, record.value)\nconsumer.commit()",
    "OffsetAndMetadata(record.offset + 1",
    "commit_async(callback=report)",
    "consumer.committed(partition)",
)


def snippet(words: str) -> str:
    (found,) = (block for block in SNIPPETS if words in block)
    return found


# Any: the names that the snippet uses and makes.
def run(words: str, **names: Any) -> dict[str, Any]:
    exec(snippet(words), names)
    return names


def read(consumer: KafkaConsumer, number: int = 20) -> list[int]:
    """Return the offsets of so many records."""
    offsets: list[int] = []
    while len(offsets) < number:
        for records in consumer.poll(1000).values():
            offsets += [record.offset for record in records]
    return offsets


def test_each_snippet_of_the_page_has_a_test() -> None:
    every = [PATTERN, DATABASE, BY_TOPIC, BATCH, LESS, LATER, COMMITTED]
    assert sorted(map(snippet, every)) == sorted(SNIPPETS)


def test_topics_are_subscribed_to_by_a_regular_expression(cluster: EmbeddedCluster) -> None:
    with member(cluster) as consumer:
        run(PATTERN, consumer=consumer)
        until_assigned(consumer)
        assert consumer.subscription() == {"orders-new"}


def until_assigned(consumer: KafkaConsumer) -> None:
    while not consumer.assignment():
        consumer.poll(100, update_offsets=False)


def test_a_listener_seeks_to_offsets_of_its_own(cluster: EmbeddedCluster) -> None:
    with member(cluster) as consumer:
        run(
            DATABASE,
            consumer=consumer,
            database={TPS[0]: 3},
            ConsumerRebalanceListener=ConsumerRebalanceListener,
        )
        assert sorted(read(consumer, 17)) == sorted([3, 4] + 3 * [0, 1, 2, 3, 4])


def test_topics_have_listeners_of_their_own(cluster: EmbeddedCluster) -> None:
    totals, other = Noting(), Noting()
    with member(cluster) as consumer:
        run(BY_TOPIC, consumer=consumer, totals=totals, other=other)
        until_assigned(consumer)
    assert totals.heard == ["assigned 0 1 2 3", "revoked 0 1 2 3"]
    assert other.heard == ["assigned 0", "revoked 0"]


def test_a_batch_is_committed_at_once(cluster: EmbeddedCluster) -> None:
    with member(cluster, "orders") as consumer:
        for _ in count():
            run(BATCH, consumer=consumer)
            if sum(cluster.group("billing").offsets.values()) == 20:
                break


def test_less_than_what_was_consumed_is_committed(cluster: EmbeddedCluster) -> None:
    with member(cluster, "orders") as consumer:
        for _ in count():
            names = run(LESS, consumer=consumer)
            if "done" in names:
                break
        assert names["done"].offset == 5
        assert consumer.committed(names["partition"]) == 5


def test_a_callback_tells_the_outcome(cluster: EmbeddedCluster) -> None:
    with member(cluster, "orders") as consumer:
        until_assigned(consumer)
        future = run(LATER, consumer=consumer)["future"]
        assert future.succeeded()


def test_what_is_committed_is_told(
    cluster: EmbeddedCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    with member(cluster, "orders") as consumer:
        read(consumer)
        consumer.commit()
        capsys.readouterr()
        run(COMMITTED, consumer=consumer, partition=TPS[0])
    whole = f"{{{TPS[0]!r}: OffsetAndMetadata(offset=5, metadata='', leader_epoch=0)}}"
    assert capsys.readouterr().out == f"5\n{whole}\n"


# -- health --------------------------------------------------------------------------------


@pytest.mark.parametrize("session", SESSIONS, ids=["rebalanced", "waits", "partition"])
def test_a_session_prints_what_the_page_says(cluster: EmbeddedCluster, session: str) -> None:
    with member(cluster, "orders") as consumer:
        while consumer.poll(100, update_offsets=False) == {}:
            pass
        names = {"consumer": consumer}
        test = doctest.DocTestParser().get_doctest(session, names, "groups.rst", None, 0)
        report: list[str] = []
        failed = doctest.DocTestRunner().run(test, out=report.append).failed
        assert not failed, "".join(report)


def column(title: str) -> list[str]:
    """Return the phrases in the first column of the table with that title."""
    table = re.search(rf"   \* - {re.escape(title)}\n(?:.+\n)+", PAGE)
    assert table is not None, title
    cells = re.findall(r"^   \* - (.+\n(?:       .+\n)*)", table[0], re.MULTILINE)
    return [phrase for cell in cells[1:] for phrase in re.findall("``([^`]+)``", cell)]


def test_every_reason_of_a_partition_is_explained() -> None:
    assert sorted(column("``reason``")) == sorted(reason.value for reason in Reason)


@pytest.mark.parametrize("title", ["``waiting_for``", "Reason"])
def test_what_the_page_explains_is_what_the_consumer_says(title: str) -> None:
    package = Path(kafka.__file__).parent
    source = "".join(
        path.read_text(encoding="utf-8")
        for part in ("consumer", "coordinator")
        for path in (package / part).rglob("*.py")
    )
    for phrase in column(title):
        # Without what is filled in, and what users pass.
        fixed = re.split(r" orders|: \.\.\.| \d|\(reason\)", phrase)[0]
        assert fixed in source, phrase
