"""What brokers are told of client quotas, and what they answer."""

from __future__ import annotations

from kafka.admin.client_quotas import ClientQuotaEntity, QuotaMatch
from kafka.admin.operation import Answer
from kafka.admin.operations.client_quotas import AlterQuotas, DescribeQuotas
from kafka.errors import ClusterAuthorizationFailedError, InvalidRequestError
from kafka.protocol.messages.alter_client_quotas import AlterClientQuotasResponse
from kafka.protocol.messages.describe_client_quotas import DescribeClientQuotasResponse

ALICE = ClientQuotaEntity({"user": "alice"})
BOB = ClientQuotaEntity({"user": "bob"})
TIMEOUT_MS = 1000


def test_a_filter_asks_for_a_name_for_the_default_or_for_any() -> None:
    asked = DescribeQuotas({"user": "alice", "client-id": None, "ip": QuotaMatch.ANY}, strict=True)
    request = asked.build([asked.key], TIMEOUT_MS)
    assert [(each.entity_type, each.match_type, each.match) for each in request.components] == [
        ("user", 0, "alice"),
        ("client-id", 1, None),
        ("ip", 2, None),
    ]
    assert request.strict
    assert asked.key == "user=alice, client-id=<default>, ip=any"


def test_no_filter_asks_for_all_quotas() -> None:
    asked = DescribeQuotas({}, strict=False)
    assert asked.build([asked.key], TIMEOUT_MS).components == []
    assert asked.key == "all"


def test_limits_are_found_by_entity() -> None:
    response = DescribeClientQuotasResponse
    entry = response.EntryData(
        entity=[response.EntityData(entity_type="user", entity_name="alice")],
        values=[response.ValueData(key="producer_byte_rate", value=1024.0)],
    )
    found = DescribeQuotas({}, strict=False).read(Answer(response(entries=[entry]), 1), ["all"])
    assert found == {"all": {ALICE: {"producer_byte_rate": 1024.0}}}


def test_no_entries_at_all_are_no_quotas() -> None:
    response = DescribeClientQuotasResponse(entries=None)
    assert DescribeQuotas({}, strict=False).read(Answer(response, 1), ["all"]) == {"all": {}}


def test_whoever_may_not_ask_is_told_so() -> None:
    response = DescribeClientQuotasResponse(error_code=31, error_message=None)
    error = DescribeQuotas({}, strict=False).read(Answer(response, 1), ["all"])["all"]
    assert isinstance(error, ClusterAuthorizationFailedError)
    assert "client quotas of all" in str(error)


def test_none_removes_a_quota() -> None:
    altered = AlterQuotas(
        {ALICE: {"producer_byte_rate": None, "request_percentage": 12.5}}, validate_only=True
    )
    request = altered.build([ALICE], TIMEOUT_MS)
    (entry,) = request.entries
    assert [(op.key, op.value, op.remove) for op in entry.ops] == [
        ("producer_byte_rate", 0.0, True),
        ("request_percentage", 12.5, False),
    ]
    assert request.validate_only


def test_a_refused_alteration_keeps_the_brokers_text() -> None:
    response = AlterClientQuotasResponse
    bob = [response.EntityData(entity_type="user", entity_name="bob")]
    alice = [response.EntityData(entity_type="user", entity_name="alice")]
    answer = response(
        entries=[
            response.EntryData(entity=alice, error_message=None),
            response.EntryData(entity=bob, error_code=42, error_message="no such key"),
        ]
    )
    found = AlterQuotas({}, validate_only=False).read(Answer(answer, 2), [ALICE, BOB])
    assert found[ALICE] is None
    assert isinstance(found[BOB], InvalidRequestError)
    assert "client quotas of user=bob: no such key (AlterClientQuotas, node 2)" in str(found[BOB])
