"""Options of the whole test run, and the loop of its asynchronous tests."""

from __future__ import annotations

from inspect import iscoroutinefunction, signature

import pytest

from test.support.virtual_loop import run


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what the integration tier asks for; options must be known before it is collected."""
    parser.getgroup("kafka").addoption(
        "--kafka-version",
        metavar="VERSION",
        help="run the integration tests that do not choose a version against this release "
        "of Apache Kafka (default: the newest)",
    )


# First, because pytest itself fails a test that is a coroutine function.
@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine function on a virtual loop of its own.

    Returns:
        True if it ran; None for other tests, which pytest calls.
    """
    if not iscoroutinefunction(pyfuncitem.obj):
        return None
    __tracebackhide__ = True  # from pytest's reports
    # The item also has the values of fixtures that the test does not name as arguments.
    values = pyfuncitem.funcargs
    run(pyfuncitem.obj(**{name: values[name] for name in signature(pyfuncitem.obj).parameters}))
    return True
