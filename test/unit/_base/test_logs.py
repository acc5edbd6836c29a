"""Loggers hand over what threads of ours log, and nothing else."""

from __future__ import annotations

import ast
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import kafka
from kafka._base.logs import forget_other_threads, handing_over, logger

NAME = "kafka.test.logs"


@pytest.fixture
def handled() -> Iterator[list[str]]:
    """Return what a handler of the logger gets, with the level on."""
    lines: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    log, handler = logger(NAME), Handler()
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    yield lines
    log.removeHandler(handler)
    log.setLevel(logging.NOTSET)


def in_thread(work: Callable[[], object]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()


def test_a_thread_that_is_not_ours_calls_handlers_itself(handled: list[str]) -> None:
    logger(NAME).info("line %d", 1)
    in_thread(lambda: logger(NAME).info("line %d", 2))
    assert handled == ["line 1", "line 2"]


def test_a_thread_of_ours_hands_over_what_it_logs(handled: list[str]) -> None:
    taken: list[logging.LogRecord] = []

    def work() -> None:
        with handing_over(taken.append):
            logger(NAME).warning("line %d", 1)
            logger(NAME).debug("below the level")
        logger(NAME).info("line %d", 2)

    in_thread(work)
    assert handled == ["line 2"]
    assert [(line.getMessage(), line.levelname, line.name) for line in taken] == [
        ("line 1", "WARNING", NAME)
    ]


def test_a_record_handed_over_knows_where_it_was_logged(handled: list[str]) -> None:
    taken: list[logging.LogRecord] = []

    def work() -> None:
        with handing_over(taken.append):
            logger(NAME).info("line")

    in_thread(work)
    assert (taken[0].funcName, taken[0].filename) == ("work", Path(__file__).name)
    assert taken[0].threadName != threading.current_thread().name
    assert handled == []


def test_a_forked_child_forgets_the_threads_of_the_parent(handled: list[str]) -> None:
    entered, leave = threading.Event(), threading.Event()
    taken: list[logging.LogRecord] = []

    def work() -> None:
        with handing_over(taken.append):
            entered.set()
            leave.wait(10)
            logger(NAME).info("line")

    thread = threading.Thread(target=work)
    thread.start()
    entered.wait(10)
    forget_other_threads()
    leave.set()
    thread.join(10)
    assert (taken, handled) == ([], ["line"])


LEVELS = (logging.DEBUG, logging.INFO, logging.CRITICAL)


@pytest.fixture
def levels() -> Iterator[logging.Logger]:
    """Return a logger that nobody has asked yet since a level was set."""
    log = logger("kafka.test.levels")
    log.setLevel(logging.INFO)
    yield log
    log.setLevel(logging.NOTSET)
    log.disabled = False
    logging.disable(logging.NOTSET)


def test_a_thread_of_ours_finds_levels_out_without_the_lock_of_logging(
    levels: logging.Logger,
) -> None:
    found: list[bool] = []

    def work() -> None:
        with handing_over(lambda _: None):
            found.extend(map(levels.isEnabledFor, LEVELS))

    # As dictConfig() does while it makes handlers, or closes them.
    with logging._lock:  # type: ignore[attr-defined]  # noqa: SLF001 - no public name
        in_thread(work)
    assert found == [False, True, True]


@pytest.mark.parametrize("change", ["nothing", "disable", "disabled", "a level of a parent"])
def test_levels_are_the_same_on_all_threads(levels: logging.Logger, change: str) -> None:
    parent = logging.getLogger("kafka.test")
    if change == "disable":
        logging.disable(logging.INFO)
    elif change == "disabled":
        levels.disabled = True
    elif change == "a level of a parent":
        levels.setLevel(logging.NOTSET)
        parent.setLevel(logging.ERROR)
    found: list[bool] = []

    def work() -> None:
        with handing_over(lambda _: None):
            found.extend(map(levels.isEnabledFor, LEVELS))

    in_thread(work)
    assert found == list(map(levels.isEnabledFor, LEVELS))
    parent.setLevel(logging.NOTSET)


@pytest.mark.parametrize("name", ["asyncio", "concurrent.futures", "py.warnings"])
def test_loggers_of_others_that_log_on_our_threads_hand_over_too(name: str) -> None:
    assert logging.getLogger(name).filters == logger(NAME).filters


def test_the_package_has_no_other_loggers() -> None:
    package = Path(kafka.__file__).parent
    own = {package / "__init__.py", package / "_base" / "logs.py", package / "_base/log_thread.py"}
    found = [
        path
        for path in package.rglob("*.py")
        if path not in own
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("getLogger")
    ]
    assert found == []
