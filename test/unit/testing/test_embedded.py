"""The methods of `EmbeddedCluster` that its `Control` has as well: same parameters, same words."""

from __future__ import annotations

import inspect

import pytest

from kafka.testing import EmbeddedCluster
from kafka.testing.broker.control import Control

# What tests of users are written against.
SIGNATURES = {
    "accepted": "(self, node_id: int) -> int",
    "add_partitions": "(self, topic: str, count: int) -> None",
    "advertise": "(self, node_id: int, host: str, port: int) -> None",
    "append": (
        "(self, topic: str, *values: bytes | None, partition: int = 0, key: bytes | None = None,"
        " headers: Sequence[tuple[str, bytes | None]] = (),"
        " timestamp: datetime | int | None = None, timestamp_ms: int | None = None) -> int"
    ),
    "bump_leader_epoch": "(self, topic: str, partition: int) -> int",
    "clear_faults": "(self) -> None",
    "corrupt": "(self, topic: str, partition: int, offset: int) -> None",
    "count": "(self, api: type[AnyRequest] | str) -> int",
    "create_topic": (
        "(self, name: str, partitions: int = 1, replication_factor: int = -1,"
        " config: Mapping[str, ConfigValue] | None = None) -> None"
    ),
    "delete_records": "(self, topic: str, partition: int, before: int) -> None",
    "delete_topic": "(self, name: str) -> None",
    "disconnect": "(self, node_id: int) -> None",
    "fail": (
        "(self, api: type[AnyRequest] | str, error: type[BrokerResponseError] | str, *,"
        " times: int | None = 1, node_id: int | None = None, client_id: str | None = None,"
        " topic: str | None = None, partition: int | None = None, applied: bool = False,"
        " optional: bool = False) -> Rule"
    ),
    "freeze": "(self, node_id: int) -> None",
    "inject": (
        "(self, api: type[AnyRequest] | str, action: Action, *,"
        " times: int | None = 1, node_id: int | None = None, client_id: str | None = None,"
        " topic: str | None = None, partition: int | None = None,"
        " when: Callable[[AnyRequest], bool] | None = None, optional: bool = False) -> Rule"
    ),
    "move_coordinator": "(self, kind: str, key: str, node_id: int) -> None",
    "move_leader": "(self, topic: str, partition: int, node_id: int) -> None",
    "records": "(self, topic: str, partition: int | None = None) -> list[StoredRecord]",
    "requests": (
        "(self, api: type[AnyRequest] | str | None = None, *, node_id: int | None = None,"
        " client_id: str | None = None) -> list[SeenRequest]"
    ),
    "thaw": "(self, node_id: int) -> None",
    "add_user": "(self, name: str, password: str) -> None",
    "allow": "(self, principal: str, operation: str, resource: str, *, host: str = *) -> None",
    "deny": "(self, principal: str, operation: str, resource: str, *, host: str = *) -> None",
    "compact": "(self, topic: str, partition: int, *, drop_tombstones: bool = False) -> None",
    "configure_topic": "(self, topic: str, config: Mapping[str, ConfigValue]) -> None",
    "expel": "(self, group_id: str, member: str) -> None",
    "group": "(self, group_id: str) -> GroupView",
    "groups": "(self) -> list[str]",
    "hold_high_watermark": "(self, topic: str, partition: int, hold: bool = True) -> None",
    "hold_transaction_markers": "(self, hold: bool = True) -> None",
    "rebalance": "(self, group_id: str) -> None",
    "remove_leader": "(self, topic: str, partition: int) -> None",
    "report": "(self) -> str",
    "set_in_sync": "(self, topic: str, partition: int, nodes: Sequence[int]) -> None",
    "set_quota": (
        "(self, key: str, value: float | None, *, user: str | None = None,"
        " client_id: str | None = None, ip: str | None = None) -> None"
    ),
    "set_transaction_version": "(self, level: int) -> None",
    "topic": "(self, name: str) -> TopicView",
    "topics": "(self) -> list[str]",
    "truncate": "(self, topic: str, partition: int, offset: int) -> None",
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_forwarded_method_has_its_parameters_and_its_docstring(name: str) -> None:
    method = getattr(EmbeddedCluster, name)
    assert str(inspect.signature(method)).replace("'", "") == SIGNATURES[name]
    assert inspect.signature(method) == inspect.signature(getattr(Control, name))
    assert inspect.getdoc(method) == inspect.getdoc(getattr(Control, name))
    assert method.__name__ == name


def test_every_method_of_both_is_forwarded_or_acts_otherwise() -> None:
    def methods(owner: type) -> set[str]:
        public = (name for name in vars(owner) if not name.startswith("_"))
        return {name for name in public if inspect.isfunction(vars(owner)[name])}

    # They wait for what the control only begins, or are called on other threads with a limit.
    otherwise = {"cut_off", "kill", "revive", "start", "stop", "until"}
    assert methods(EmbeddedCluster) & methods(Control) == SIGNATURES.keys() | otherwise
