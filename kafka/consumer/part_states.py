"""Whether a consumer has a membership in its group.  Pure."""

from __future__ import annotations

from enum import Enum
from typing import Final

from kafka._base.transitions import Transitions


class PartState(Enum):
    """Whether there is a membership."""

    ABSENT = "absent"
    """No, and the group knows nothing of this consumer."""
    CHOOSING = "choosing"
    """Not yet: a broker is asked what it can do."""
    MEMBER = "member"
    """Yes; what it is in its group it knows itself."""
    LEAVING = "leaving"
    """Yes, and it was told to leave."""


PART_TRANSITIONS: Final = Transitions(
    {
        PartState.ABSENT: (PartState.CHOOSING, PartState.MEMBER),
        PartState.CHOOSING: (PartState.MEMBER, PartState.ABSENT),
        PartState.MEMBER: (PartState.LEAVING,),
        PartState.LEAVING: (PartState.ABSENT,),
    }
)
