"""Groups: FindCoordinator and the classic protocol."""

from __future__ import annotations

from kafka.protocol.consumer_protocol import encode_subscription
from kafka.protocol.messages.consumer_protocol import ConsumerProtocolSubscription
from kafka.protocol.messages.find_coordinator import FindCoordinatorRequest
from kafka.protocol.messages.heartbeat import HeartbeatRequest
from kafka.protocol.messages.join_group import JoinGroupRequest, JoinGroupResponse
from kafka.protocol.messages.leave_group import LeaveGroupRequest
from kafka.protocol.messages.sync_group import SyncGroupRequest
from test.differential.case import Talk, case

# -- FindCoordinator --------------------------------------------------------------------------


@case(FindCoordinatorRequest, highest=3)
async def coordinator(talk: Talk) -> None:
    for kind in (0, 1) if talk.version else (0,):
        await talk.send(FindCoordinatorRequest(key=talk.name(), key_type=kind))


@case(FindCoordinatorRequest, lowest=4)
async def coordinators(talk: Talk) -> None:
    for kind in (0, 1):
        keys = [talk.name(), talk.name()]
        await talk.send(FindCoordinatorRequest(coordinator_keys=keys, key_type=kind))


@case(FindCoordinatorRequest, lowest=1, highest=3)
async def coordinator_refused(talk: Talk) -> None:
    await talk.refused(FindCoordinatorRequest(key="x", key_type=9), talk.version)
    await talk.refused(FindCoordinatorRequest(key="x", key_type=2), talk.version)
    await talk.refused(FindCoordinatorRequest(key="", key_type=0), talk.version)


@case(FindCoordinatorRequest, lowest=4)
async def coordinators_refused(talk: Talk) -> None:
    await talk.refused(FindCoordinatorRequest(coordinator_keys=["x"], key_type=9), talk.version)
    await talk.refused(FindCoordinatorRequest(coordinator_keys=["x"], key_type=2), talk.version)
    await talk.refused(FindCoordinatorRequest(coordinator_keys=[""], key_type=0), talk.version)
    await talk.refused(FindCoordinatorRequest(coordinator_keys=[], key_type=0), talk.version)


# -- the classic protocol ---------------------------------------------------------------------


def joining(group: str, member: str = "", **options: object) -> JoinGroupRequest:
    subscription = encode_subscription(ConsumerProtocolSubscription(topics=["t"]), 0)
    names = options.pop("protocols", ("range",))
    assert isinstance(names, tuple)
    defaults = {
        "group_id": group,
        "session_timeout_ms": 10_000,
        "rebalance_timeout_ms": 10_000,
        "member_id": member,
        "protocol_type": "consumer",
        "protocols": [
            JoinGroupRequest.JoinGroupRequestProtocol(name=name, metadata=subscription)
            for name in names
        ],
    }
    return JoinGroupRequest(**(defaults | options))  # type: ignore[arg-type] # by name


async def join(talk: Talk, group: str, version: int, **options: object) -> JoinGroupResponse:
    """Join as the first member; write the last answer down."""
    answer = await talk.send(joining(group, **options), version)
    if answer.error_code == 79:
        answer = await talk.send(joining(group, answer.member_id, **options), version)
    return answer


def syncing(group: str, joined: JoinGroupResponse, **options: object) -> SyncGroupRequest:
    entry = SyncGroupRequest.SyncGroupRequestAssignment
    defaults = {
        "group_id": group,
        "generation_id": joined.generation_id,
        "member_id": joined.member_id,
        "assignments": [entry(member_id=joined.member_id, assignment=b"all")],
    }
    return SyncGroupRequest(**(defaults | options))  # type: ignore[arg-type] # by name


async def settled(talk: Talk, group: str, **options: object) -> JoinGroupResponse:
    """Make a stable group of one member, without a word."""
    answer = await talk.quiet(joining(group, **options), 5)
    if answer.error_code == 79:
        answer = await talk.quiet(joining(group, answer.member_id, **options), 5)
    assert (await talk.quiet(syncing(group, answer, **_static(options)), 3)).error_code == 0
    return answer


def _static(options: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in options.items() if key == "group_instance_id"}


def leaving(group: str, *members: str, instance: str | None = None) -> LeaveGroupRequest:
    identity = LeaveGroupRequest.MemberIdentity
    return LeaveGroupRequest(
        group_id=group,
        members=[identity(member_id=member, group_instance_id=instance) for member in members],
    )


@case(JoinGroupRequest)
async def one_member_joins(talk: Talk) -> None:
    group = talk.name()
    joined = await join(talk, group, talk.version)
    await talk.send(syncing(group, joined), 3)
    await talk.send(joining(group, joined.member_id))


@case(JoinGroupRequest)
async def join_refused(talk: Talk) -> None:
    group = talk.name()
    await talk.send(joining(""))
    await talk.send(joining(group, session_timeout_ms=1))
    await talk.send(joining(group, session_timeout_ms=10_000_000))
    await talk.send(joining(group, "nobody"))
    await talk.send(joining(group, protocols=()))
    await talk.send(joining(group, protocol_type=""))


@case(JoinGroupRequest)
async def protocols_do_not_match(talk: Talk) -> None:
    group = talk.name()
    await settled(talk, group)
    await talk.send(joining(group, protocols=("other",)))
    await talk.send(joining(group, protocol_type="connect"))


@case(JoinGroupRequest, lowest=5)
async def static_member_joins(talk: Talk) -> None:
    group = talk.name()
    first = await join(talk, group, talk.version, group_instance_id="i")
    await talk.send(syncing(group, first, group_instance_id="i"), 3)
    again = await join(talk, group, talk.version, group_instance_id="i")
    for member in (first, again):
        request = HeartbeatRequest(
            group_id=group,
            generation_id=member.generation_id,
            member_id=member.member_id,
            group_instance_id="i",
        )
        await talk.send(request, 3)
    await talk.send(joining(group, "wrong", group_instance_id="i"))
    await talk.send(leaving(group, "", instance="i"), 5)


@case(SyncGroupRequest)
async def group_synced(talk: Talk) -> None:
    group = talk.name()
    joined = await talk.quiet(joining(group), 3)
    more = {"protocol_type": "consumer", "protocol_name": "range"} if talk.version >= 5 else {}
    await talk.send(syncing(group, joined, generation_id=7, **more))
    await talk.send(syncing(group, joined, member_id="nobody", **more))
    await talk.send(syncing(talk.name(), joined, **more))
    await talk.send(syncing("", joined, **more))
    await talk.send(syncing(group, joined, **more))
    await talk.send(syncing(group, joined, assignments=[], **more))


@case(SyncGroupRequest, lowest=5)
async def protocol_of_a_sync_checked(talk: Talk) -> None:
    group = talk.name()
    joined = await talk.quiet(joining(group), 3)
    await talk.send(syncing(group, joined, protocol_type="connect", protocol_name="range"))
    await talk.send(syncing(group, joined, protocol_type="consumer", protocol_name="other"))
    await talk.send(syncing(group, joined))


@case(HeartbeatRequest)
async def heartbeats(talk: Talk) -> None:
    group = talk.name()
    joined = await settled(talk, group)
    for name, member, generation in (
        (group, joined.member_id, joined.generation_id),
        (group, joined.member_id, joined.generation_id + 1),
        (group, "nobody", joined.generation_id),
        (group, "", joined.generation_id),
        (talk.name(), joined.member_id, 1),
        ("", joined.member_id, 1),
    ):
        beat = HeartbeatRequest(group_id=name, member_id=member, generation_id=generation)
        await talk.send(beat)


@case(LeaveGroupRequest, highest=2)
async def member_leaves(talk: Talk) -> None:
    group = talk.name()
    joined = await settled(talk, group)
    for name, member in (
        (group, "nobody"),
        (group, joined.member_id),
        (group, joined.member_id),
        (talk.name(), "x"),
        ("", "x"),
    ):
        await talk.send(LeaveGroupRequest(group_id=name, member_id=member))


@case(LeaveGroupRequest, lowest=3)
async def members_leave(talk: Talk) -> None:
    group = talk.name()
    joined = await settled(talk, group)
    await talk.send(leaving(group, "nobody", joined.member_id))
    await talk.send(leaving(group, joined.member_id))
    await talk.send(leaving(talk.name(), "x"))
    await talk.send(leaving("", "x"))
    await talk.send(leaving(group))
    await talk.send(leaving(group, "", instance="nobody"))
