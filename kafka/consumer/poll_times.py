"""When the application asked for records last, and until when it may have some without asking.

The polling thread and the loop write and read it without a lock and without a message: a message
for each poll would cost more than a poll that finds data.
"""

from __future__ import annotations

import math


class PollTimes:
    """The time of the last poll.

    Args:
        told_after: seconds without a poll after which the loop is told of the next one: something
            may wait for it, because the application has been away for long.

    Attributes:
        told_after: as given.
        last: when the last poll began or ended, minus infinity if the loop is to be told of the
            next one.
        waits: how many polls wait at this moment: the application is there for as long as one does.
            Several tasks may poll an async consumer; a blocking one has one thread that polls.
        vouched_until: when the loop has to have run again for the consumer to be a member of its
            group without any doubt; infinity if it is no member. A later poll comes after a time in
            which the process was stopped, or the loop blocked.
        doubted: whether a poll has come later than that.
    """

    __slots__ = ("doubted", "last", "told_after", "vouched_until", "waits")

    def __init__(self, told_after: float) -> None:
        self.told_after = told_after
        self.last = -math.inf
        self.waits = 0
        self.vouched_until = math.inf
        self.doubted = False

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<PollTimes last={self.last:.3f}{' waiting' if self.waits else ''}>"

    def last_seen(self, now: float) -> float:
        """Return when the application was inside a poll last; minus infinity for never."""
        return now if self.waits else self.last

    def take_doubt(self, now: float) -> bool:
        """Return whether the loop has run too late, or a poll was there before it; once; the loop.

        Call it before `vouched_until` is set anew.
        """
        doubted, self.doubted = self.doubted, False
        return doubted or now >= self.vouched_until

    def forget(self) -> None:
        """Have the loop told of the next poll."""
        self.last = -math.inf
