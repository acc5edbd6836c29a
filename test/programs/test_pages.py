"""Every Python block of README and of the documentation runs to its end, in order on each page."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kafka.testing import EmbeddedCluster
from test.programs.pages import blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

# One worker runs all of them, as they have been started at once.
pytestmark = pytest.mark.xdist_group("pages")

ROOT = Path(__file__).resolve().parents[2]
# Tests of their own run the blocks of these, each against a cluster of the kind it needs.
ELSEWHERE = {
    "admin": "test/broker/test_admin_page.py",
    "errors": "test/broker/test_errors_page.py",
    "exactly_once": "test/broker/test_exactly_once_page.py",
    "groups": "test/broker/test_groups_page.py",
    "security": "test/broker/test_security_page.py",
}
PAGES = [
    page
    for page in (ROOT / "README.rst", *sorted((ROOT / "docs").glob("*.rst")))
    if blocks(page) and page.stem not in ELSEWHERE
]
PAYMENTS = (b'{"order": 1, "amount": 350}', b"not JSON", b'{"order": 2, "amount": 120}')


@pytest.fixture(scope="module")
def running() -> Iterator[dict[Path, subprocess.Popen[str]]]:
    """Run all pages at once: each of them waits most of the time."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    with ExitStack() as stack:
        found = {}
        for page in PAGES:
            topics = {"orders": 1, "payments": 1, "refunds": 1}
            cluster = stack.enter_context(EmbeddedCluster(1, topics=topics))
            cluster.append("orders", b"an order", b"a bad order", key=b"customer-7")
            if page.stem == "consumer":
                cluster.append("payments", *PAYMENTS)
                cluster.append("refunds", PAYMENTS[0])
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "test.programs.pages", page, *cluster.bootstrap_servers],
                    env=environment,
                    cwd=ROOT,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            stack.callback(process.kill)
            found[page] = process
        yield found


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_the_blocks_of_a_page_run_to_their_end(
    running: dict[Path, subprocess.Popen[str]], page: Path
) -> None:
    output, errors = running[page].communicate(timeout=280)
    assert running[page].returncode == 0, f"{output}\n{errors}"
    assert "Traceback" not in errors


@pytest.mark.parametrize("name", ELSEWHERE)
def test_the_other_pages_have_tests_of_their_own(name: str) -> None:
    assert f"{name}.rst" in (ROOT / ELSEWHERE[name]).read_text(encoding="utf-8")
