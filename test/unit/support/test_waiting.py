"""Acting while a thread waits."""

import threading

from test.support.waiting import is_inside, once_inside


def wait_for(event: threading.Event) -> None:
    event.wait()


def descend(levels: int) -> list[bool]:
    """Return at each level whether this thread is in two calls of this function."""
    found = is_inside(descend, threading.get_ident(), times=2)
    return [found, *(descend(levels - 1) if levels > 1 else [])]


def test_the_act_comes_while_the_thread_waits() -> None:
    event = threading.Event()
    with once_inside(wait_for, event.set) as acting:
        wait_for(event)
    assert acting.is_set()


def test_nothing_is_done_for_a_thread_that_never_waits() -> None:
    event = threading.Event()
    with once_inside(wait_for, event.set) as acting:
        pass
    assert (acting.is_set(), event.is_set()) == (False, False)


def test_calls_within_each_other_are_counted() -> None:
    assert descend(3) == [False, True, True]


def test_a_thread_that_is_gone_is_in_no_call() -> None:
    gone = threading.Thread(target=int)
    gone.start()
    gone.join()
    assert not is_inside(wait_for, gone.ident)
