"""What each program prints, leaves in the cluster and ends with."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

from kafka import KafkaConsumer, TopicPartition
from kafka.testing import CertificateAuthority, Delay, EmbeddedCluster, Listener
from test.programs import kafkajs
from test.programs.running import HERE, cluster_elsewhere, run
from test.support.stage import cluster_of

NOTHING: Callable[[EmbeddedCluster], object] = lambda _: None  # noqa: E731 - a default


class Program(NamedTuple):
    """A program, and what is to come of it.

    Args:
        file: beside this file; it is given the addresses of a cluster.
        output: what it prints.
        partitions: how many the topics have.
        records: what is in the topics at the end, in any order.
        needs: the libraries it imports.
        set_up: what the cluster is told before.
        warning: what the standard error says; by default nothing may be there.
        counts: which records count: those that begin with this.
        committed: how many records each group has committed at the end, when it has no members.
    """

    file: str
    output: str
    partitions: Mapping[str, int] = {}
    records: Mapping[str, list[str]] = {}
    needs: tuple[str, ...] = ()
    set_up: Callable[[EmbeddedCluster], object] = NOTHING
    warning: str = ""
    counts: str = ""
    committed: Mapping[str, int] = {}


def add_jobs(cluster: EmbeddedCluster) -> None:
    cluster.append("jobs", *(b"job %d" % number for number in range(200)), b"last")


def add_payments(cluster: EmbeddedCluster) -> None:
    cluster.append("payments", *(b"%d" % number for number in range(99)), b"last")


def add_tasks(cluster: EmbeddedCluster) -> None:
    for partition in range(6):
        tasks = [b"task %d" % (100 * partition + number) for number in range(100)]
        cluster.append("tasks", *tasks, partition=partition)


def answer_returns_late(cluster: EmbeddedCluster) -> None:
    cluster.inject("Produce", Delay(1.5), topic="returns")


ORDERED = [
    f"shop: customer {customer} orders book {number}"
    for customer in range(4)
    for number in range(250)
]
METHODS = ["fork", "forkserver", "spawn"]
PRESENTS = ["book", "train", "sledge", "candle"]

PROGRAMS = [
    Program(
        file="bank_branch.py",
        output=(
            "bankbranch has cleanup.policy\nFalse\n"
            '{"atmid": 1, "transid": 100}\n{"atmid": 2, "transid": 101}\n'
        ),
        records={"bankbranch": ['{"atmid": 1, "transid": 100}', '{"atmid": 2, "transid": 101}']},
    ),
    Program(
        file="log_handler.py",
        output="served 4 customers\n",
        partitions={"logs": 1},
        records={"logs": [*ORDERED, "shop: closed"]},
        counts="shop: ",
    ),
    Program(
        file="first_calls.py",
        output=(
            "foobar 0 100\ntold of offset [0]\nb'some_message_bytes'\nTrue {'foo': 'bar'}\n"
            '{"atmid": 1, "transid": 100}\n{"atmid": 2, "transid": 101}\n'
        ),
        partitions=dict.fromkeys(
            ("foobar", "fizzbuzz", "bankbranch", "flipflap", "my-topic", "my_topic"), 1
        ),
        records={
            "flipflap": ["1234", "pong"],
            "my-topic": ["raw_bytes"],
            "my_topic": ["message1", "message2", "message3"],
        },
    ),
    Program(
        file="first_reads.py",
        needs=("msgpack",),
        output=(
            "{'key': 'value'}\n{'key': 'value'}\n"
            'my_favorite_topic b\'{"key": "value"}\'\n'
            "my_favorite_topic b'{\"key\": \"value\"}'\nb'third partition'\n[1, 1]\n[]\n"
        ),
        partitions={"msgpack-topic": 1, "my_favorite_topic": 1, "foobar": 3, "my-topic": 2},
        committed={"my_favorite_group": 1},
    ),
    Program(
        file="forked_flask_app.py",
        needs=("flask",),
        output="80 orders taken\n" * 2 + "a worker ended with 0\n" * 2,
        partitions={"orders": 1},
        records={"orders": ["opened", "closed", *(f"order {number}" for number in range(80))]},
    ),
    Program(
        file="forked_processes.py",
        output="fork [0, 0]\nforkserver [0, 0]\nspawn [0, 0]\n4 answers of the pool\n",
        partitions={"audits": 1},
        records={
            "audits": [
                *(f"before {method}" for method in METHODS),
                *(f"{method} {number}" for method in METHODS for number in range(2)),
                *(f"pool of fork {number}" for number in range(4)),
                "the end",
            ]
        },
    ),
    Program(
        file="prefork_tasks.py",
        output="a worker ended with 0\n" * 6,
        partitions={"results": 1},
        records={
            "results": [
                *(f"generation {number}" for number in range(3)),
                *(
                    f"worker {generation}{letter} {task} {state}"
                    for generation in range(3)
                    for letter in "ab"
                    for task in range(5)
                    for state in ("begun", "done")
                ),
            ]
        },
    ),
    Program(
        file="fastapi_app.py",
        needs=("fastapi", "httpx", "uvicorn"),
        output=("the return was answered with 202\nthe app ended, having seen 20 orders\n"),
        partitions={"orders": 1, "returns": 1},
        set_up=answer_returns_late,
        records={"orders": [f"book {number}" for number in range(20)], "returns": ["book 7"]},
    ),
    Program(
        file="gevent_worker.py",
        needs=("gevent",),
        output="all jobs done\n",
        partitions={"jobs": 1, "results": 3},
        set_up=add_jobs,
        records={"results": [f"done: job {number}" for number in range(200)]},
    ),
    Program(
        file="uvloop_pipeline.py",
        needs=("uvloop",),
        output="doubled on uvloop\n",
        partitions={"numbers": 3, "doubles": 3},
        records={"doubles": [f"{2 * number}" for number in range(2000)]},
    ),
    Program(
        file="frozen_time.py",
        needs=("freezegun",),
        output=(
            "last present: 3\n"
            + "".join(f"{present}: 2012-12-24 18:00\n" for present in PRESENTS)
            + "and today again: True\n"
        ),
        partitions={"presents": 1},
        records={"presents": [*PRESENTS, "socks"]},
    ),
    Program(
        file="many_partitions.py",
        output="read: 8000\nread again: 4000\nand again: 2000 4000\n",
        partitions={"orders": 4000},
        records={"orders": ["first", "second"] * 4000},
    ),
    Program(
        file="group_reader.py",
        output=(
            "Received message: message 0\nReceived message: message 1\n"
            "Received message: message 2\nmy_topic:0:3: key=b'later' value=b'message 3'\n"
            "awesome_topic 100\n{'awesome_topic'}\n"
        ),
        partitions={"my_topic": 1, "awesome_topic": 2},
        committed={"my_group": 4, "my_other_group": 1},
    ),
    Program(
        file="group_commit_by_hand.py",
        output=(
            "the first one ended with 3\nthe second one read 25 to 99, 75 payments\n"
            "committed: 100\nread again: 90 again from here\n"
        ),
        partitions={"payments": 1},
        set_up=add_payments,
        committed={"my_group": 90},
    ),
    Program(
        file="group_listener.py",
        output="600 tasks done, 600 of them different\n",
        partitions={"tasks": 6},
        set_up=add_tasks,
        committed={"workers": 600},
    ),
    Program(
        file="group_async_workers.py",
        output="600 tasks done, 1 time each\n",
        partitions={"tasks": 6},
        set_up=add_tasks,
        committed={"workers": 600},
    ),
    Program(
        file="group_processes.py",
        output="600 tasks done, 1 time each; workers ended with [0, 0, 0, 0]\n",
        partitions={"tasks": 6, "results": 2},
        set_up=add_tasks,
        records={"results": [f"done: task {number}" for number in range(600)]},
        committed={"workers": 600, "auditors": 600},
    ),
    Program(
        file="misspelt_topic.py",
        output="orders: 0\n",
        partitions={"orders": 1},
        warning="topic=ordres does not exist",
    ),
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.file)
def test_a_program_does_what_its_author_expects(program: Program, tmp_path: Path) -> None:
    for library in program.needs:
        if find_spec(library) is None:
            pytest.skip(f"{library} is not installed: tox -e programs installs it")
    with cluster_of(topics=program.partitions) as cluster:
        program.set_up(cluster)
        servers = ",".join(cluster.bootstrap_servers)
        done = run(sys.executable, Path(program.file), servers, directory=tmp_path)
        assert (done.status, done.output) == (0, program.output), done.errors
        if program.warning:
            assert done.errors.count(program.warning) == done.errors.count("\n") == 1, done.errors
        else:
            assert done.errors == ""
        for topic, values in program.records.items():
            found = [(record.value or b"").decode() for record in cluster.records(topic)]
            counted = [value for value in found if value.startswith(program.counts)]
            assert sorted(counted) == sorted(values)
        for group_id, count in program.committed.items():
            group = cluster.group(group_id)
            assert (group.members, sum(group.offsets.values())) == ((), count)


def test_a_vendors_examples_for_sasl_over_tls_work_as_they_stand(tmp_path: Path) -> None:
    if find_spec("cryptography") is None:
        pytest.skip("cryptography is not installed: tox -e programs installs it")
    with CertificateAuthority() as authority:
        shutil.copy(authority.file, tmp_path / "ca.pem")
        secured = Listener("SASL_SSL", tls=authority.server_context(), mechanisms=("PLAIN",))
        with cluster_of(
            topics={"orders": 1}, listeners=[secured], users={"alice": "wonder-42-land"}
        ) as cluster:
            servers = ",".join(cluster.bootstrap_servers)
            done = run(sys.executable, Path("sasl_over_tls.py"), servers, directory=tmp_path)
    assert (done.status, done.errors) == (0, "")
    assert done.output == (
        "start consumer\nstart producer\nend producer\n"
        "orders:0:0: key=None value=b'hello kafka!'\nend consumer\n"
    )


def test_a_suite_with_doubles_passes_without_a_cluster(tmp_path: Path) -> None:
    shutil.copy(HERE / "billing_suite.py", tmp_path / "test_billing.py")
    done = run(sys.executable, "-m", "pytest", "-q", "-W", "error", directory=tmp_path)
    assert done.status == 0, done.output
    assert "5 passed" in done.output


def librdkafka() -> tuple[str, dict[str, str]]:
    if find_spec("confluent_kafka") is None:
        pytest.skip("confluent-kafka is not installed: tox -e programs installs it")
    return sys.executable, {}


def node() -> tuple[str, dict[str, str]]:
    try:
        return "node", {"NODE_PATH": str(kafkajs.installed())}
    except kafkajs.KafkajsError as error:
        pytest.skip(str(error))


@pytest.mark.skipif(sys.platform != "linux", reason="needs 127.0.0.2 without setting it up")
@pytest.mark.parametrize(
    ("file", "runtime"),
    [("librdkafka_client.py", librdkafka), ("kafkajs_client.js", node)],
    ids=["librdkafka", "kafkajs"],
)
def test_a_client_finds_a_cluster_that_is_told_of_by_another_address(
    file: str, runtime: Callable[[], tuple[str, dict[str, str]]], tmp_path: Path
) -> None:
    """As where the cluster is in another container: bound here, reached there."""
    interpreter, variables = runtime()
    options = ["--host", "0.0.0.0", "--advertised-host", "127.0.0.2"]
    options += ["--brokers", "2", "--topic", "orders:4"]
    with cluster_elsewhere(*options) as advertised:
        assert all(server.startswith("127.0.0.2:") for server in advertised)
        told = "127.0.0.1:" + advertised[0].rpartition(":")[2]
        done = run(interpreter, Path(file), told, directory=tmp_path, **variables)
        assert done.status == 0, done.errors
        assert done.output == f"brokers: {','.join(sorted(advertised))}\norders read: 30\n"
        with KafkaConsumer(bootstrap_servers=told) as consumer:
            ends = consumer.end_offsets([TopicPartition("orders", number) for number in range(4)])
        assert sum(ends.values()) == 30
