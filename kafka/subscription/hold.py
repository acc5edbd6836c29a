"""Why records of a partition are withheld from the application.  Pure."""

from __future__ import annotations

from enum import IntFlag


class Hold(IntFlag):
    """One reason each; a partition is open while it has none.

    A partition on hold is not fetched, its buffered data is not handed out and does not count as
    buffered. Its position is looked up and validated all the same. Data that cannot be read is no
    hold: it keeps its turn, so that its error is raised again.
    """

    PAUSED = 1
    """The application has paused it."""
    VALIDATING = 2
    """Its position waits for the leader to confirm it (KIP-320)."""
    REVOKING = 4
    """It is about to be revoked: what is handed out now could not be committed any more."""
    ASSIGNING = 8
    """The rebalance listener has not returned from being told of it."""
    DOUBTED = 16
    """The group may have given it to others, while this process did not run."""
