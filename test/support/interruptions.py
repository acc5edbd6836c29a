"""Interrupt a call wherever the interpreter runs signal handlers, each place once.

Handlers run at the start of a Python function, after a call of a function written in C (whose work
is done by then), and at a jump back. A profile function sees the first two, and what it raises
comes out at the same instruction as what a handler raises; a trace function sees the third. So this
finds for certain what a timer finds by chance. Where a version of Python calls a C function without
running handlers after it (``with lock`` before 3.14), there is no such event either.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable, Iterator
from functools import cache, partial
from types import CodeType, FrameType
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")

# More places than any call here has.
_MANY = 10_000


class InterruptionError(Exception):
    """What the signal handler of a test raises."""


class Interruption(NamedTuple, Generic[T]):
    """One interrupted call.

    Args:
        value: what it was made on.
        place: where it was interrupted.
    """

    value: T
    place: str


def _jumps_back(opname: str) -> bool:
    return "JUMP_BACKWARD" in opname and not opname.endswith("NO_INTERRUPT")


@cache
def _jumps_of(code: CodeType) -> frozenset[int]:
    """Return where *code* jumps back."""
    found = dis.get_instructions(code)
    return frozenset(item.offset for item in found if _jumps_back(item.opname))


class _Interrupter:
    """Counts the places, and raises at one of them."""

    def __init__(self, number: int, act: Callable[[], object]) -> None:
        self.left = number
        self.act = act
        self.place: str | None = None

    def _pass(self, frame: FrameType, event: str) -> None:
        if self.left == 0 and self.place is None:
            self.stop()
            self.place = f"{event} in {frame.f_code.co_name}, line {frame.f_lineno}"
            self.act()
        self.left -= 1

    def profile(self, frame: FrameType, event: str, called: object) -> None:
        """See a call."""
        if called == self.stop or frame.f_code in _OWN:
            return
        if event in ("call", "c_return"):
            self._pass(frame, event)

    def trace(self, frame: FrameType, event: str, _: object) -> Callable[..., object] | None:
        """See an instruction."""
        if frame.f_code in _OWN:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode" and frame.f_lasti in _jumps_of(frame.f_code):
            self._pass(frame, "jump")
        return self.trace

    def start(self) -> None:
        """Start to count."""
        self._before = sys.gettrace(), sys.getprofile()
        sys.settrace(self.trace)
        sys.setprofile(self.profile)

    def stop(self) -> None:
        """End it."""
        trace, profile = self._before
        sys.setprofile(profile)
        sys.settrace(trace)


_OWN = {
    _Interrupter.start.__code__,
    _Interrupter.stop.__code__,
    _Interrupter.profile.__code__,
    _Interrupter.trace.__code__,
}


def _raise(_: object) -> None:
    raise InterruptionError


def interruptions(
    make: Callable[[], T], call: Callable[[T], object], act: Callable[[T], object] = _raise
) -> Iterator[Interruption[T]]:
    """Call *call* on a new object until it was interrupted at every place; yield each time.

    Args:
        make: makes the object.
        call: what is interrupted.
        act: what the handler does with the object; by default it raises.
    """
    for number in range(_MANY):
        value = make()
        interrupter = _Interrupter(number, partial(act, value))
        interrupter.start()
        try:
            call(value)
        except InterruptionError:
            pass
        finally:
            interrupter.stop()
        if interrupter.place is None:
            assert number > 1, "nothing was interrupted"
            return
        yield Interruption(value, interrupter.place)
    raise AssertionError(f"more than {_MANY} places")
