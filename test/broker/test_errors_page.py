"""The pages on errors and on delivery: every program does what its page says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

import pytest

from kafka._base.system import SystemClock
from kafka.config.producer import ProducerConfig
from kafka.errors import TopicAuthorizationFailedError
from kafka.metrics.producer_sensors import ProducerSensors
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.faults import Action, DropResponse, Fail
from test.support.stage import cluster_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/errors.rst").read_text(encoding="utf-8")


def programs(page: str) -> list[str]:
    blocks = re.findall(r"\.\. code-block:: python\n\n((?:   .*\n|\n)+)", page)
    return [textwrap.dedent(block).strip() + "\n" for block in blocks]


PROGRAMS = programs(PAGE)


class Outcome(NamedTuple):
    """What a program does when the first batch is refused, and when nothing is.

    Args:
        words: what tells it from the other programs of the page.
        lines: what it prints when the first batch is refused; five records are one batch if they
            linger.
        status: its exit status then.
        fine: what it prints when nothing is refused.
    """

    words: str
    lines: tuple[str, ...]
    status: int = 0
    fine: tuple[str, ...] = ()


OUTCOMES = [
    Outcome(
        ").get()",
        (
            "order 0 was not delivered: TopicAuthorizationFailedError",
            *[f"order {number} is at offset {number - 1}" for number in range(1, 5)],
        ),
        fine=tuple(f"order {number} is at offset {number}" for number in range(5)),
    ),
    Outcome("add_errback(on_error", ("order 0 is not in the log",)),
    Outcome("close(raise_on_error=True)", ("orders 0 5 False",), status=1),
    Outcome("flush(raise_on_error=True)", ("5 records are lost",)),
]


def run(
    cluster: EmbeddedCluster, program: str, options: str = ""
) -> tuple[int, tuple[str, ...], str]:
    servers = f'bootstrap_servers="{cluster.bootstrap_servers[0]}"{options}'
    done = subprocess.run(
        [sys.executable, "-c", program.replace('bootstrap_servers="localhost:9092"', servers)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, tuple(done.stdout.splitlines()), done.stderr


@pytest.mark.parametrize("number", range(len(OUTCOMES)))
def test_a_program_hears_of_what_was_not_delivered(number: int) -> None:
    program, outcome = PROGRAMS[number], OUTCOMES[number]
    assert outcome.words in program
    with cluster_of(topics={"orders": 1}) as cluster:
        cluster.fail("Produce", TopicAuthorizationFailedError, topic="orders")
        found = run(cluster, program)
        # Errbacks of records that were sent along with the first print more lines.
        printed = found[1][: len(outcome.lines)]
        assert (found[0], printed, found[2]) == (outcome.status, outcome.lines, "")


@pytest.mark.parametrize("number", range(len(OUTCOMES)))
def test_a_program_says_nothing_of_errors_if_all_is_delivered(number: int) -> None:
    with cluster_of(topics={"orders": 1}) as cluster:
        assert run(cluster, PROGRAMS[number]) == (0, OUTCOMES[number].fine, "")
        assert len(cluster.records("orders")) == 5


def test_each_program_of_the_page_has_an_outcome() -> None:
    assert len(PROGRAMS) == len(OUTCOMES)


@pytest.mark.parametrize(
    ("fault", "printed"),
    [
        (Fail(TopicAuthorizationFailedError), "not in the log: [Error 29]"),
        (DropResponse(applied=True), "perhaps in the log; sending it again may write it twice:"),
    ],
)
def test_the_page_on_delivery_tells_what_is_in_the_log_by_its_error(
    fault: Action, printed: str
) -> None:
    (program,) = programs((ROOT / "docs/delivery.rst").read_text(encoding="utf-8"))
    with cluster_of(topics={"orders": 1}) as cluster:
        cluster.inject("Produce", fault, topic="orders", times=None)
        times = ", delivery_timeout_ms=2000, request_timeout_ms=1000"
        status, lines, _ = run(cluster, program, times)
        assert (status, len(lines)) == (0, 1)
        assert lines[0].startswith(printed)
        assert len(cluster.records("orders")) == ("perhaps" in printed)


def test_the_metrics_that_the_page_names_exist() -> None:
    names = re.findall(r"``([a-z]+(?:-[a-z]+)+)``", PAGE)
    found = ProducerSensors(ProducerConfig(client_id="p"), SystemClock()).snapshot()
    assert set(names) - {"producer-metrics"} <= found["producer-metrics"].keys()
