"""The table of names, read."""

from __future__ import annotations

from kafka.protocol.legacy.names import Names, row_of


def test_name_is_that_of_2_3_or_kafkas():
    names = Names("MetadataResponse", 5)
    assert names.of("topics.name") == "topic"
    assert names.of("topics.error_code") == "error_code"
    assert names.others("topics.name") == ["name"]
    assert names.others("topics.error_code") == []


def test_name_may_belong_to_some_versions():
    assert Names("OffsetCommitRequest", 6).of("group_id") == "consumer_group"
    assert Names("OffsetCommitRequest", 7).of("group_id") == "group_id"
    assert Names("OffsetCommitRequest", 9).of("generation_id_or_member_epoch") == "generation_id"
    assert Names("FindCoordinatorRequest", 0).of("key") == "consumer_group"


def test_name_of_2_0_is_another_one():
    assert Names("FetchResponse", 4).others("responses.partitions.records") == ["message_set"]


def test_structures_may_be_bare_or_nested():
    assert Names("MetadataRequest", 8).is_bare("topics")
    assert not Names("MetadataRequest", 9).is_bare("topics")
    assert Names("CreatePartitionsRequest", 1).nested("topics.") == "new_partitions"
    assert Names("CreatePartitionsRequest", 2).nested("topics.") is None


def test_message_that_is_in_no_table_has_kafkas_names():
    assert Names("ShareFetchRequest", 1).of("topics.topic_id") == "topic_id"


def test_module_may_have_names_of_its_own():
    assert row_of("SaslAuthenticateRequest", "kafka.protocol.admin").startswith("admin.")
    assert row_of("SaslAuthenticateRequest", "kafka.protocol.sasl") == "SaslAuthenticateRequest"
