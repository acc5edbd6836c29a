"""Options of the whole test run, and the loop of its asynchronous tests."""

from __future__ import annotations

from inspect import iscoroutinefunction, signature

import pytest

from test.support.early_imports import import_all
from test.support.real_loop import run_on_uvloop
from test.support.virtual_loop import run


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what the integration tier asks for; options must be known before it is collected."""
    parser.getgroup("kafka").addoption(
        "--kafka-version",
        metavar="VERSION",
        help="run the integration tests that do not choose a version against this release "
        "of Apache Kafka (default: the newest)",
    )
    parser.getgroup("kafka").addoption(
        "--all-releases",
        action="store_true",
        help="run the tests marked ladder against every release (default: some old ones and the "
        "newest)",
    )
    parser.getgroup("kafka").addoption(
        "--long", action="store_true", help="run the tests marked long as well"
    )
    parser.addoption(
        "--uvloop",
        action="store_true",
        help="run all tests that are coroutine functions on uvloop, over TCP and in real time, "
        "except those marked virtual_time, and no others; uvloop must be installed then",
    )


def pytest_collection_finish() -> None:
    """Import what tests would load on several threads."""
    import_all()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With ``--uvloop`` leave out what runs on virtual time only, or on no loop of this file."""
    if not config.getoption("--uvloop"):
        return
    left_out = [item for item in items if not _is_for_uvloop(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def _is_for_uvloop(item: pytest.Item) -> bool:
    if item.get_closest_marker("uvloop") is not None:
        return True
    is_coroutine = isinstance(item, pytest.Function) and iscoroutinefunction(item.obj)
    return is_coroutine and item.get_closest_marker("virtual_time") is None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs uvloop where that is not installed."""
    if item.get_closest_marker("uvloop") is not None:
        pytest.importorskip("uvloop")


# First, because pytest itself fails a test that is a coroutine function.
@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine function on a loop of its own, by default a virtual one.

    Returns:
        True if it ran; None for other tests, which pytest calls.
    """
    if not iscoroutinefunction(pyfuncitem.obj):
        return None
    __tracebackhide__ = True  # from pytest's reports
    # The item also has the values of fixtures that the test does not name as arguments.
    values = pyfuncitem.funcargs
    story = pyfuncitem.obj(**{name: values[name] for name in signature(pyfuncitem.obj).parameters})
    wants_uvloop = pyfuncitem.get_closest_marker("uvloop") is not None
    if wants_uvloop or pyfuncitem.config.getoption("--uvloop"):
        run_on_uvloop(story)
    else:
        run(story)
    return True
