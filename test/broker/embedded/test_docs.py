"""The page on testing: every line of its table works, and so does every example."""

from __future__ import annotations

import asyncio
import re
import textwrap
from pathlib import Path

import pytest

import kafka.testing
from kafka.protocol.consumer_protocol import encode_assignment
from kafka.protocol.messages.consumer_protocol import ConsumerProtocolAssignment
from kafka.protocol.messages.init_producer_id import InitProducerIdResponse
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.config_effects import (
    broker_configs_without_effect,
    topic_configs_without_effect,
)
from test.support.groups import ClassicMember
from test.support.raw_client import RawClient

PAGE = (Path(__file__).parents[3] / "docs" / "testing.rst").read_text(encoding="utf-8")
ROWS = re.findall(
    r"^    \* - (.+)\n      - ``(cluster\..+|print\(cluster.+)``$", PAGE, re.MULTILINE
)
BLOCKS = [
    textwrap.dedent(block)
    for block in re.findall(r"\.\. code-block:: python\n\n((?:    .*\n|\n)+)", PAGE)
]
NAMES = {name: getattr(kafka.testing, name) for name in kafka.testing.__all__}


def test_the_table_has_its_rows() -> None:
    assert len(ROWS) >= 40


async def _with_a_group(cluster: EmbeddedCluster, line: str) -> None:
    client = await RawClient.connect(cluster.bootstrap_servers[0], client_id="worker")
    cluster.move_coordinator("group", "billing", 0)
    member = ClassicMember(client, group_id="billing")
    await member.join("orders")
    assignment = encode_assignment(ConsumerProtocolAssignment(assigned_partitions=[]))
    await member.sync({member.member_id: assignment})
    names = {**NAMES, "cluster": cluster, "InitProducerIdResponse": InitProducerIdResponse}
    # A test that has no loop: the calls block.
    await asyncio.to_thread(exec, line, names)
    client.close()


@pytest.mark.parametrize("line", [line for _, line in ROWS], ids=[what for what, _ in ROWS])
def test_a_line_of_the_table_works_as_it_stands(line: str) -> None:
    config = {
        "default.replication.factor": 3,
        "authorizer.class.name": "StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
    }
    with EmbeddedCluster(3, topics={"orders": 6}, config=config) as cluster:
        for _ in range(10):
            cluster.append("orders", *[b"v"] * 10, partition=3, key=b"k")
        asyncio.run(_with_a_group(cluster, line))
        cluster.clear_faults()


@pytest.mark.parametrize("block", BLOCKS, ids=[block.splitlines()[0] for block in BLOCKS])
def test_an_example_works(block: str) -> None:
    if "CertificateAuthority" in block:
        pytest.importorskip("cryptography")
    names = dict(NAMES)
    if block.startswith("async with"):
        lines = textwrap.indent(block, "    ")
        exec(f"async def story():\n{lines}", names)
        asyncio.run(names["story"]())
    elif not re.search("place_order|pytest.mark", block):  # those go on in the code of users
        exec(block, names)


def _listed(title: str) -> list[str]:
    section = PAGE[PAGE.index(f"\n{title}\n") + len(title) + 2 :].strip()
    return re.findall(r"``([a-z0-9.]+)``", section.partition("\n\n")[0])


def test_the_configs_without_effect_are_those_of_the_brokers() -> None:
    assert _listed("Of topics:") == topic_configs_without_effect()
    assert _listed("Of brokers:") == broker_configs_without_effect()
