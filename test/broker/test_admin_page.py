"""The page on administration: every program and session of it works as it stands."""

from __future__ import annotations

import doctest
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from kafka import KafkaAdminClient, KafkaProducer
from kafka.testing import EmbeddedCluster
from test.support.stage import cluster_of

PAGE = (Path(__file__).parents[2] / "docs/admin.rst").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    found = re.findall(rf"\.\. code-block:: {kind}\n\n((?:   .*\n|\n)+)", PAGE)
    return [textwrap.dedent(block).rstrip() + "\n" for block in found]


PROGRAMS = blocks("python")
PRINTED = [
    [f"orders {number} is led by {(number + 2) % 3}" for number in range(3)],
    ["0 topics on 3 brokers"],
]


@pytest.fixture
def cluster() -> Iterator[EmbeddedCluster]:
    config = {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
    }
    with cluster_of(3, config=config) as running:
        yield running


def test_the_sessions_go_on_from_one_another(cluster: EmbeddedCluster) -> None:
    text = "\n".join(blocks("pycon"))
    parsed = doctest.DocTestParser().get_doctest(text, {}, "docs/admin.rst", "docs/admin.rst", 0)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    shown: list[str] = []
    servers = cluster.bootstrap_servers
    with (
        KafkaAdminClient(bootstrap_servers=servers) as admin,
        KafkaProducer(bootstrap_servers=servers) as producer,
        KafkaProducer(bootstrap_servers=servers, transactional_id="shop") as shop,
    ):
        parsed.globs.update(admin=admin, producer=producer, shop=shop)
        runner.run(parsed, out=shown.append)
    assert not runner.failures, "".join(shown)
    assert runner.tries > 20


@pytest.mark.parametrize(
    ("program", "printed"),
    [pytest.param(*pair, id=f"{n}") for n, pair in enumerate(zip(PROGRAMS, PRINTED, strict=True))],
)
def test_a_program_prints_what_it_is_to(
    cluster: EmbeddedCluster,
    program: str,
    printed: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    address = cluster.bootstrap_servers[0]
    code = compile(program.replace("localhost:9092", address), "docs/admin.rst", "exec")
    exec(code, {"__name__": "__main__"})
    assert [re.sub(r"\d+$", "N", line) for line in capsys.readouterr().out.splitlines()] == [
        re.sub(r"\d+$", "N", line) for line in printed
    ]
