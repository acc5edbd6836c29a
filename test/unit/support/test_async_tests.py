"""Asynchronous tests, in a pytest of their own with this project's hook."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

_HOOK = "from test.conftest import pytest_addoption, pytest_pyfunc_call"
_TESTS = """
import asyncio

import pytest

from test.support.virtual_loop import VirtualLoop


@pytest.fixture
def word():
    return "fixture"


@pytest.fixture(autouse=True)
def not_an_argument():
    return 1


async def test_runs_on_a_virtual_loop():
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    await asyncio.sleep(3600)
    assert loop.time() == 3600.0


@pytest.mark.parametrize("number", [1, 2])
async def test_has_its_arguments(word, number):
    assert (word, number) in [("fixture", 1), ("fixture", 2)]


class TestMethods:
    async def test_has_its_arguments(self, word):
        assert isinstance(self, TestMethods)
        assert word == "fixture"


def test_without_a_loop_is_called_by_pytest(word):
    with pytest.raises(RuntimeError, match="no running event loop"):
        asyncio.get_running_loop()


async def test_fails():
    await asyncio.sleep(1)
    assert 1 + 1 == 3


async def test_waits_for_ever():
    await asyncio.get_running_loop().create_future()
"""


@pytest.fixture
def result(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.RunResult:
    # The hook is in the tests of this tree, which an installed package does not have.
    paths = [str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    pytester.makeini("[pytest]\nfilterwarnings = error")
    pytester.makeconftest(_HOOK)
    pytester.makepyfile(_TESTS)
    return pytester.runpytest_subprocess("-p", "no:randomly")


def test_asynchronous_tests_run_on_the_virtual_loop_with_their_fixtures(
    result: pytest.RunResult,
) -> None:
    result.assert_outcomes(passed=5, failed=2)


def test_failures_show_the_line_of_the_test_and_not_the_machinery(result: pytest.RunResult) -> None:
    result.stdout.fnmatch_lines(["E       assert (1 + 1) == 3", "*.py:*: AssertionError"])
    result.stdout.fnmatch_lines(["E *.DeadlockError: *nothing is ready*"])
    result.stdout.no_fnmatch_line("*pyfuncitem*")
