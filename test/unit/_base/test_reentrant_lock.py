"""A lock that an interrupted thread never keeps."""

from __future__ import annotations

import ast
import threading
from pathlib import Path

import pytest

import kafka
from kafka._base.reentrant_lock import ReentrantLock, reentrant_lock
from test.support.interruptions import interruptions


def is_free(lock: threading.RLock) -> bool:
    """Return whether another thread can acquire *lock*."""
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(lock.acquire(blocking=False)))
    thread.start()
    thread.join(5)
    return found == [True]


def use(lock: threading.RLock) -> None:
    with lock, lock:
        len(b"")


@pytest.mark.parametrize("make", [ReentrantLock, reentrant_lock])
def test_it_is_free_wherever_a_with_block_is_interrupted(make: type[ReentrantLock]) -> None:
    for lock, place in interruptions(make, use):
        assert is_free(lock), place


@pytest.mark.parametrize("make", [ReentrantLock, reentrant_lock])
def test_it_keeps_other_threads_out_and_lets_its_own_in(make: type[ReentrantLock]) -> None:
    lock = make()
    with lock, lock:
        assert not is_free(lock)
    assert is_free(lock)


def test_with_gives_what_acquire_gives() -> None:
    with ReentrantLock() as acquired:
        assert acquired is True


def test_the_client_makes_no_other_lock() -> None:
    package = Path(kafka.__file__).parent
    own = {package / "_base" / "reentrant_lock.py"}
    makers = {f"threading.{name}" for name in ("Lock", "RLock", "Semaphore", "Event")}
    found = [
        f"{path.relative_to(package)}: {ast.unparse(node)}"
        for path in package.rglob("*.py")
        if path not in own and {"cli", "testing"}.isdisjoint(path.parts)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in makers
    ]
    assert found == []
