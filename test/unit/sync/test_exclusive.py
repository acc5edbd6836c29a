"""One thread at a time."""

from __future__ import annotations

import threading

import pytest

from kafka.errors import IllegalStateError
from kafka.sync.exclusive import ExclusiveUse
from test.support.interruptions import interruptions


def error_in_another_thread(use: ExclusiveUse) -> Exception | None:
    """Return what another thread gets that enters and leaves *use*."""
    errors: list[Exception] = []

    def enter() -> None:
        try:
            with use:
                pass
        except IllegalStateError as error:
            errors.append(error)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    return errors[0] if errors else None


def test_other_thread_gets_an_error_that_names_the_client() -> None:
    use = ExclusiveUse("Thing")
    with use:
        assert "Thing is not safe for multi-threaded access" in str(error_in_another_thread(use))


def test_error_names_both_threads() -> None:
    use = ExclusiveUse("Thing")
    with use:
        error = str(error_in_another_thread(use))
    assert f"thread {threading.current_thread().name!r} is in a call" in error
    assert "thread 'Thread-" in error


def test_thread_that_waits_enters_when_the_other_one_leaves() -> None:
    use = ExclusiveUse("Thing")
    entered: list[bool] = []
    with use:
        thread = threading.Thread(target=lambda: entered.append(use.enter_within(600.0)))
        thread.start()
    thread.join()
    assert entered == [True]


def test_thread_that_waits_gives_up_in_time() -> None:
    use = ExclusiveUse("Thing")
    entered: list[bool] = []
    with use:
        thread = threading.Thread(target=lambda: entered.append(use.enter_within(0.01)))
        thread.start()
        thread.join()
    assert entered == [False]


def test_other_thread_may_enter_after_the_first_has_left() -> None:
    use = ExclusiveUse("Thing")
    with use:
        pass
    assert error_in_another_thread(use) is None


def test_same_thread_may_enter_again() -> None:
    use = ExclusiveUse("Thing")
    with use:
        with use:
            pass
        assert error_in_another_thread(use) is not None


def test_exception_leaves_it_open() -> None:
    use = ExclusiveUse("Thing")
    with pytest.raises(ZeroDivisionError), use:
        raise ZeroDivisionError
    assert error_in_another_thread(use) is None


def test_reset_forgets_who_is_inside() -> None:
    use = ExclusiveUse("Thing")
    use.__enter__()
    use.reset()
    assert error_in_another_thread(use) is None


def test_interrupted_call_leaves_it_to_other_threads() -> None:
    def use_twice(use: ExclusiveUse) -> None:
        with use, use:
            len(b"")

    for use, place in interruptions(lambda: ExclusiveUse("Thing"), use_twice):
        assert error_in_another_thread(use) is None, place
