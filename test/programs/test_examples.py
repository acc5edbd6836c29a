"""The programs in ``examples/``: each does what it says, against the embedded cluster."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.testing import Delay, EmbeddedCluster
from test.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

# One worker runs all of them, as most have been started at once.
pytestmark = pytest.mark.xdist_group("examples")

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
FOUND_IN = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
ENVIRONMENT = {**os.environ, "PYTHONPATH": FOUND_IN, "PYTHONWARNINGS": "error"}

# A program that ends by itself, and what it prints.
OUTPUTS = {
    "json_orders": "ada: 8.30\nbob: 3.00\n",
    "word_count": "brown 1\ndog 1\nend 1\nfox 1\njumps 1\nlazy 1\nover 1\nquick 1\nthe 3\n",
    "log_handler": "2 lines sent\n",
    "per_key_workers": "200 jobs done; in order by key: True\n",
    "avro_orders": (
        "Order(customer='ada', number=1, price=3.5)\n"
        "Order(customer='bob', number=-2, price=12.25)\n"
    ),
}


class Running(NamedTuple):
    """A program, and the cluster that it talks to."""

    process: subprocess.Popen[str]
    cluster: EmbeddedCluster


def start(stack: ExitStack, name: str, *arguments: str, **options: dict[str, int]) -> Running:
    """Start an example with a cluster of its own."""
    cluster = stack.enter_context(EmbeddedCluster(1, **options))
    return Running(start_with(stack, cluster, name, *arguments), cluster)


def start_with(
    stack: ExitStack, cluster: EmbeddedCluster, name: str, *arguments: str
) -> subprocess.Popen[str]:
    """Start an example that talks to *cluster*."""
    process = subprocess.Popen(
        [sys.executable, str(EXAMPLES / f"{name}.py"), cluster.bootstrap_servers[0], *arguments],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    stack.enter_context(process)
    stack.callback(process.kill)
    return process


@pytest.fixture(scope="module")
def programs() -> Iterator[dict[str, Running]]:
    """Run those that end by themselves at once: each of them waits most of the time."""
    with ExitStack() as stack:
        yield {name: start(stack, name) for name in OUTPUTS}


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_example_prints_what_it_has_done(programs: dict[str, Running], name: str) -> None:
    output, errors = programs[name].process.communicate(timeout=280)
    assert (output, errors, programs[name].process.returncode) == (OUTPUTS[name], "", 0)


def test_the_handler_has_sent_its_lines(programs: dict[str, Running]) -> None:
    process, cluster = programs["log_handler"]
    process.wait(280)  # until then there may be no topic
    assert [record.key for record in cluster.records("logs")] == [b"shop", b"shop.till"]


def test_the_word_count_goes_on_where_it_was() -> None:
    with ExitStack() as stack:
        cluster = stack.enter_context(EmbeddedCluster(1))
        for _ in range(2):
            process = start_with(stack, cluster, "word_count")
            output, errors = process.communicate(timeout=100)
            assert errors == ""
    assert output == OUTPUTS["word_count"].replace("3", "6").replace("1", "2")


def test_two_workers_share_the_keys_and_do_no_job_twice() -> None:
    with ExitStack() as stack:
        cluster = stack.enter_context(EmbeddedCluster(1, topics={"keyed-jobs": 4}))
        both = [start_with(stack, cluster, "per_key_workers") for _ in range(2)]
        outcomes = [process.communicate(timeout=100) for process in both]
    assert [errors for _, errors in outcomes] == ["", ""]
    assert all("in order by key: True" in output for output, _ in outcomes)
    assert sum(int(output.split()[0]) for output, _ in outcomes) == 400


def test_the_async_worker_ends_its_work_when_it_is_asked_to_stop() -> None:
    with ExitStack() as stack:
        running = start(stack, "async_worker", topics={"jobs": 1, "results": 1})
        assert running.process.stdout is not None
        assert running.process.stdout.readline() == "ready\n"
        running.cluster.append("jobs", b"one", b"two")
        until(lambda: len(running.cluster.records("results")) == 2)
        running.cluster.inject("Produce", Delay(1.0))
        sent = running.cluster.count("Produce")
        running.cluster.append("jobs", b"three")
        until(lambda: running.cluster.count("Produce") > sent)
        running.process.send_signal(signal.SIGTERM)
        output, errors = running.process.communicate(timeout=280)
        committed = running.cluster.group("workers").offsets
    assert (output.splitlines()[-1], errors, running.process.returncode) == ("stopped", "", 0)
    assert committed == {("jobs", 0): 3}


def test_the_exporter_shows_what_a_group_has_not_committed() -> None:
    with ExitStack() as stack:
        running = start(stack, "lag_exporter", "billing", "orders", "0", topics={"orders": 2})
        running.cluster.append("orders", *[b"v"] * 5)
        servers = running.cluster.bootstrap_servers
        with KafkaConsumer(bootstrap_servers=servers, group_id="billing") as consumer:
            partition = TopicPartition("orders", 0)
            consumer.assign([partition])
            consumer.commit({partition: OffsetAndMetadata(2, "", -1)})
        assert running.process.stdout is not None
        address = running.process.stdout.readline().strip()
        with urllib.request.urlopen(address, timeout=100) as answer:
            text = answer.read().decode()
    assert re.findall(r'partition="(\d)"} (\d+)', text) == [("0", "3"), ("1", "0")]


def test_the_web_application_sends_and_counts() -> None:
    pytest.importorskip("fastapi")
    story = (
        "import time\n"
        "from fastapi.testclient import TestClient\n"
        "from fastapi_app import app\n"
        "with TestClient(app) as client:\n"
        "    order = {'customer': 'ada', 'item': 'tea'}\n"
        "    print(client.post('/orders', json=order).json())\n"
        "    while not client.get('/totals/ada').json()['orders']:\n"
        "        time.sleep(0.02)\n"
        "    print(client.get('/totals/ada').json())\n"
    )
    with EmbeddedCluster(1, topics={"web-orders": 1}) as cluster:
        told = {**ENVIRONMENT, "KAFKA": cluster.bootstrap_servers[0]}
        told["PYTHONWARNINGS"] = "ignore"  # of the framework and what it stands on
        done = subprocess.run(
            [sys.executable, "-c", story],
            cwd=EXAMPLES,
            env=told,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "{'partition': 0, 'offset': 0}\n{'orders': 1}\n"


def test_the_plot_has_all_points(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    picture = tmp_path / "scatter.svg"
    with ExitStack() as stack:
        running = start(stack, "scatter", "--points", "100", "--save", str(picture))
        output, errors = running.process.communicate(timeout=280)
    assert (output, errors, running.process.returncode) == ("100 points drawn\n", "", 0)
    assert "</svg>" in picture.read_text(encoding="utf-8")


def test_each_example_is_run_here() -> None:
    others = {"async_worker", "fastapi_app", "lag_exporter", "scatter"}
    assert {path.stem for path in EXAMPLES.glob("*.py")} == others | set(OUTPUTS)
