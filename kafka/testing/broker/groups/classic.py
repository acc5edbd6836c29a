"""A classic group: join, sync, heartbeat, leave, and time-outs.  Pure.

One generation after another: members join (PREPARING_REBALANCE) until all of them have or the
rebalance timeout is over, the leader hands in the assignment (COMPLETING_REBALANCE), and the group
is STABLE until somebody comes, goes or changes its subscription. `poll` is to be called when
`next_wakeup` has come, and after nothing else.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kafka.errors import (
    BrokerResponseError,
    CoordinatorNotAvailableError,
    GroupMaxSizeReachedError,
    IllegalGenerationError,
    InconsistentGroupProtocolError,
    MemberIdRequiredError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
from kafka.testing.broker.groups.classic_roster import Roster, check_protocol
from kafka.testing.broker.groups.classic_states import TRANSITIONS, Limits, State
from kafka.testing.broker.groups.outcomes import JoinOutcome, SyncOutcome, Ticket

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kafka.testing.broker.groups.classic_member import Join, Member

# A member that has never had an answer cannot send heartbeats; this is how long it is waited for.
NEW_MEMBER_TIMEOUT = 300.0


class ClassicGroup:
    """One classic group.

    Args:
        group_id: its name.
        new_id: makes what follows the client id in a member id.
        limits: asked when a member joins.
    """

    def __init__(
        self, group_id: str, *, new_id: Callable[[], str], limits: Callable[[], Limits] = Limits
    ) -> None:
        self.group_id = group_id
        self.state = State.EMPTY
        self.generation_id = 0
        self.protocol_type = ""
        self.protocol_name: str | None = None
        self.roster = Roster()
        self._new_id = new_id
        self._limits = limits
        self._join_deadline = math.inf
        self._sync_deadline = math.inf
        self._unsynced: set[str] = set()
        # Members may still come while the first rebalance of a group is delayed.
        self._initial_delay_left: float | None = None
        self._grew_meanwhile = False

    def __repr__(self) -> str:
        return (
            f"<ClassicGroup {self.group_id} {self.state.name} generation={self.generation_id} "
            f"members={len(self.roster.members)}>"
        )

    # -- questions ----------------------------------------------------------------------------

    @property
    def is_empty(self) -> bool:
        """Whether the group has no member."""
        return self.state in {State.EMPTY, State.DEAD}

    def validate_commit(
        self, member_id: str, instance_id: str | None, generation_id: int, *, transactional: bool
    ) -> None:
        """Check that a member, or any client if the group is empty, may commit offsets.

        Raises:
            BrokerResponseError: the member or its generation is not the group's, the group has
                members and the commit none, or the assignment is not there yet.
        """
        if self.state is State.DEAD:
            raise CoordinatorNotAvailableError
        if generation_id < 0 and self.state is State.EMPTY:
            return
        if generation_id >= 0 or member_id or instance_id is not None:
            self._check_alive(member_id, instance_id, generation_id)
        elif not transactional and self.state is not State.EMPTY:
            raise UnknownMemberIdError(f"{self.group_id} has members; only they may commit")
        if not transactional and self.state is State.COMPLETING_REBALANCE:
            raise RebalanceInProgressError

    def next_wakeup(self) -> float | None:
        """Return when `poll` has something to do, or ``None``."""
        earliest = min(self._join_deadline, self._sync_deadline, self.roster.next_overdue())
        return None if earliest == math.inf else earliest

    # -- joining ------------------------------------------------------------------------------

    def join(self, join: Join, now: float) -> Ticket[JoinOutcome]:
        """Handle a member that joins, or joins again; the answer may wait for the other members."""
        ticket: Ticket[JoinOutcome] = Ticket()
        try:
            self._join(join, ticket, now)
        except GroupMaxSizeReachedError:
            self.roster.remove(join.member_id)
            ticket.resolve(JoinOutcome("", GroupMaxSizeReachedError))
        except BrokerResponseError as error:
            ticket.resolve(JoinOutcome(join.member_id, type(error)))
        return ticket

    def _join(self, join: Join, ticket: Ticket[JoinOutcome], now: float) -> None:
        if self.state is State.DEAD:
            raise CoordinatorNotAvailableError
        joining = self.state is State.PREPARING_REBALANCE
        limit = self._limits().max_size
        if not self.roster.has_room(join.member_id, limit, joining=joining):
            raise GroupMaxSizeReachedError
        if not self.roster.supports(join, self.protocol_type):
            raise InconsistentGroupProtocolError
        if not join.member_id:
            self._join_new(join, ticket, now)
        elif join.member_id in self.roster.pending:
            self._add(join.member_id, join, ticket, now)
        else:
            self._join_again(join, ticket, now)

    def _join_new(self, join: Join, ticket: Ticket[JoinOutcome], now: float) -> None:
        prefix = join.client_id if join.instance_id is None else join.instance_id
        member_id = f"{prefix}-{self._new_id()}"
        old_id = None if join.instance_id is None else self.roster.static.get(join.instance_id)
        if old_id is not None:
            self._replace_static(old_id, member_id, join, ticket, now)
        elif join.requires_known_id and join.instance_id is None:
            self.roster.pending[member_id] = now + join.session_timeout
            ticket.resolve(JoinOutcome(member_id, MemberIdRequiredError))
        else:
            self._add(member_id, join, ticket, now)

    def _add(self, member_id: str, join: Join, ticket: Ticket[JoinOutcome], now: float) -> None:
        if not self.roster.members:
            self.protocol_type = join.protocol_type
        member = self.roster.add(member_id, join)
        member.awaiting_join = ticket
        member.deadline = now + NEW_MEMBER_TIMEOUT
        self._grew_meanwhile = self._initial_delay_left is not None
        self._rebalance(now)

    def _join_again(self, join: Join, ticket: Ticket[JoinOutcome], now: float) -> None:
        member = self.roster.validate(join.member_id, join.instance_id)
        same = member.protocols == join.protocols
        if (self.state is State.COMPLETING_REBALANCE and same) or (
            self.state is State.STABLE and same and self.roster.leader != member.member_id
        ):
            ticket.resolve(self._joined(member))
            return
        self._renew(member, join, ticket, now)
        self._rebalance(now)

    def _renew(self, member: Member, join: Join, ticket: Ticket[JoinOutcome], now: float) -> None:
        # Its client has given up the older request; nothing else would ever answer it.
        member.answer_join(JoinOutcome(member.member_id, RebalanceInProgressError))
        member.update(join)
        member.awaiting_join = ticket
        member.heard(now)

    def _replace_static(
        self, old_id: str, new_id: str, join: Join, ticket: Ticket[JoinOutcome], now: float
    ) -> None:
        old_leader = self.roster.leader or ""
        member = self.roster.replace(old_id, new_id)
        self._renew(member, join, ticket, now)
        if self.state is State.STABLE and self.roster.select_protocol() == self.protocol_name:
            self._return_static(member, old_leader, join)
        else:
            self._rebalance(now)

    def _return_static(self, member: Member, old_leader: str, join: Join) -> None:
        # No rebalance (KIP-345). A leader must not assign afresh: before v9 it is told that the
        # member it was is still the leader, later that it leads and has nothing to do (KIP-814).
        outcome = self._joined(member)
        if join.may_skip_assignment:
            outcome = outcome._replace(skip_assignment=self.roster.leader == member.member_id)
        else:
            outcome = outcome._replace(leader=old_leader, members=())
        member.answer_join(outcome)

    def _joined(self, member: Member) -> JoinOutcome:
        leads = self.roster.leader == member.member_id
        return JoinOutcome(
            member.member_id,
            generation_id=self.generation_id,
            protocol_type=self.protocol_type,
            protocol_name=self.protocol_name,
            leader=self.roster.leader or "",
            members=self.roster.listed(self.protocol_name) if leads else (),
        )

    # -- rebalances ---------------------------------------------------------------------------

    def _rebalance(self, now: float) -> None:
        """Begin a rebalance, or see whether the one that runs has everybody."""
        if self.state is State.PREPARING_REBALANCE:
            self._complete_join_if_all(now)
            return
        for member in self.roster.members.values():
            if self.state is State.COMPLETING_REBALANCE:
                member.assignment = b""
            if member.awaiting_sync is not None:
                member.heard(now)
                member.answer_sync(SyncOutcome(RebalanceInProgressError))
        self._sync_deadline = math.inf
        is_first = self.state is State.EMPTY
        self.state = TRANSITIONS.step(self.state, State.PREPARING_REBALANCE)
        longest = self.roster.rebalance_timeout
        delay = self._limits().initial_delay
        if is_first and delay > 0:
            self._initial_delay_left = max(longest - delay, 0.0)
            self._grew_meanwhile = False
            self._join_deadline = now + delay
        else:
            self._join_deadline = now + longest
            self._complete_join_if_all(now)

    def _complete_join_if_all(self, now: float) -> None:
        if self._initial_delay_left is not None and self.roster.members:
            return
        if self.roster.have_all_joined:
            self._complete_join(now)

    def _on_join_deadline(self, now: float) -> None:
        left, self._initial_delay_left = self._initial_delay_left, None
        if left and self._grew_meanwhile:
            delay = min(self._limits().initial_delay, left)
            self._grew_meanwhile = False
            self._initial_delay_left = left - delay
            self._join_deadline = now + delay
        else:
            self._complete_join(now)

    def _complete_join(self, now: float) -> None:
        for member in list(self.roster.members.values()):
            # A static member stays until its session ends, whether it has come or not (KIP-345).
            if member.awaiting_join is None and member.instance_id is None:
                self.roster.remove(member.member_id)
        if self.roster.members and not self.roster.elect_leader():
            self._join_deadline = now + self.roster.rebalance_timeout
            return
        self._join_deadline = math.inf
        self._initial_delay_left = None
        self.generation_id += 1
        if not self.roster.members:
            self.protocol_name = None
            self.state = TRANSITIONS.step(self.state, State.EMPTY)
            return
        self.protocol_name = self.roster.select_protocol()
        self.state = TRANSITIONS.step(self.state, State.COMPLETING_REBALANCE)
        self._sync_deadline = now + self.roster.rebalance_timeout
        self._unsynced = set(self.roster.members)
        for member in self.roster.members.values():
            member.is_new = False
            member.heard(now)
            member.answer_join(self._joined(member))

    # -- the rest of a generation ---------------------------------------------------------------

    def sync(
        self,
        member_id: str,
        instance_id: str | None,
        generation_id: int,
        *,
        protocol: tuple[str | None, str | None],
        assignments: Mapping[str, bytes],
        now: float,
    ) -> Ticket[SyncOutcome]:
        """Hand in (the leader) or ask for an assignment; the answer may wait for the leader.

        Args:
            member_id: of the member that asks.
            instance_id: if it is static.
            generation_id: the one it has joined.
            protocol: type and name it believes the group has, where it says so (KIP-559).
            assignments: by member id.
            now: seconds.
        """
        try:
            member = self._check_alive(member_id, instance_id, generation_id)
            check_protocol(protocol, (self.protocol_type, self.protocol_name))
        except BrokerResponseError as error:
            return Ticket(SyncOutcome(type(error)))
        if self.state is State.PREPARING_REBALANCE:
            return Ticket(SyncOutcome(RebalanceInProgressError))
        self._unsynced.discard(member_id)
        if self.state is State.STABLE:
            member.heard(now)
            return Ticket(self._synced(member))
        ticket: Ticket[SyncOutcome] = Ticket()
        member.answer_sync(SyncOutcome(RebalanceInProgressError))
        member.awaiting_sync = ticket
        if self.roster.leader == member_id:
            self._take_assignments(assignments, now)
        return ticket

    def _check_alive(self, member_id: str, instance_id: str | None, generation_id: int) -> Member:
        if self.state is State.DEAD:
            raise CoordinatorNotAvailableError
        member = self.roster.validate(member_id, instance_id)
        if generation_id != self.generation_id:
            raise IllegalGenerationError(
                f"{self.group_id} is at generation {self.generation_id}, not {generation_id}"
            )
        return member

    def _take_assignments(self, assignments: Mapping[str, bytes], now: float) -> None:
        self.state = TRANSITIONS.step(self.state, State.STABLE)
        for member in self.roster.members.values():
            member.assignment = assignments.get(member.member_id, b"")
            if member.awaiting_sync is not None:
                member.heard(now)
                member.answer_sync(self._synced(member))

    def _synced(self, member: Member) -> SyncOutcome:
        return SyncOutcome(None, self.protocol_type, self.protocol_name, member.assignment)

    def heartbeat(
        self, member_id: str, instance_id: str | None, generation_id: int, now: float
    ) -> None:
        """Keep a member alive.

        Raises:
            BrokerResponseError: the member or its generation is not the group's, or a rebalance
                wants it to join again.
        """
        member = self._check_alive(member_id, instance_id, generation_id)
        member.heard(now)
        if self.state is State.PREPARING_REBALANCE:
            raise RebalanceInProgressError

    def on_commit(self, member_id: str, now: float) -> None:
        """Keep a member alive that has committed offsets."""
        member = self.roster.members.get(member_id)
        if member is not None and self.state is not State.COMPLETING_REBALANCE:
            member.heard(now)

    def leave(
        self, leaving: Sequence[tuple[str, str | None]], now: float
    ) -> list[type[BrokerResponseError] | None]:
        """Remove members, each named by member id, instance id or both; return their errors."""
        if self.state is State.DEAD:
            return [CoordinatorNotAvailableError] * len(leaving)
        results: list[type[BrokerResponseError] | None] = []
        for member_id, instance_id in leaving:
            try:
                found = self.roster.find_leaving(member_id, instance_id)
            except BrokerResponseError as error:
                results.append(type(error))
            else:
                self.roster.remove(found)
                results.append(None)
        # One that was only expected and goes counts as well: Kafka rebalances then, too.
        if None in results and self.state is not State.EMPTY:
            self._rebalance(now)
        return results

    # -- what a test does to it -----------------------------------------------------------------

    def expel(self, member_id: str, now: float) -> None:
        """Give up a member, as if its session had ended."""
        self.roster.remove(member_id)
        self._rebalance(now)

    def rebalance(self, now: float) -> None:
        """Make every member join again."""
        if self.roster.members and self.state is not State.PREPARING_REBALANCE:
            self._rebalance(now)

    # -- time -----------------------------------------------------------------------------------

    def poll(self, now: float) -> None:
        """Remove the members that have been silent for too long, and end phases that time out."""
        before = len(self.roster.members)
        for member_id in self.roster.overdue(now):
            self.roster.remove(member_id)
        if self.state is State.PREPARING_REBALANCE:
            self._complete_join_if_all(now)
        elif len(self.roster.members) < before:
            self._rebalance(now)
        if self._join_deadline <= now:
            self._on_join_deadline(now)
        if self._sync_deadline <= now:
            self._on_sync_deadline(now)

    def _on_sync_deadline(self, now: float) -> None:
        self._sync_deadline = math.inf
        silent = self._unsynced & self.roster.members.keys()
        for member_id in silent:
            self.roster.remove(member_id)
        if silent:
            self._rebalance(now)

    def dissolve(self) -> None:
        """End a group that another has taken the place of; who waits is to join that one."""
        for member in self.roster.members.values():
            member.answer_join(JoinOutcome(member.member_id, RebalanceInProgressError))
            member.answer_sync(SyncOutcome(RebalanceInProgressError))
        self.state = TRANSITIONS.step(self.state, State.DEAD)

    def bury(self) -> None:
        """Delete an empty group."""
        self.state = TRANSITIONS.step(self.state, State.DEAD)
