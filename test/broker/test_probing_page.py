"""The page on probing a broker: its session goes as it says."""

from __future__ import annotations

import doctest
import re
import textwrap
from pathlib import Path

from kafka.testing import EmbeddedCluster

PAGE = (Path(__file__).parents[2] / "docs/probing.rst").read_text(encoding="utf-8")


def session(port: str) -> str:
    """Return what is typed in, with the port of the test."""
    blocks = re.findall(r"\.\. code-block:: pycon\n\n((?:   .*\n|\n)+)", PAGE)
    return "\n".join(map(textwrap.dedent, blocks)).replace("9092", port)


def test_the_session_goes_as_the_page_says() -> None:
    with EmbeddedCluster(topics={"orders": 2}, advertised_host="localhost") as cluster:
        port = cluster.bootstrap_servers[0].rpartition(":")[2]
        found = doctest.DocTestParser().get_doctest(session(port), {}, "probing", "probing.rst", 0)
        said: list[str] = []
        flags = doctest.ELLIPSIS
        outcome = doctest.DocTestRunner(optionflags=flags).run(found, out=said.append)
    assert not said, "".join(said)
    assert outcome.attempted > 30
