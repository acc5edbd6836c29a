"""Methods and their arguments, as kafka-python 3.0.12 has them."""

from __future__ import annotations

import inspect

import pytest

import kafka
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, admin, structs
from kafka.aio import AsyncKafkaAdminClient
from kafka.future import Future
from kafka.producer.future import FutureRecordMetadata
from test.compat.facts import FACTS

CLASSES = {
    "Future": Future,
    "FutureRecordMetadata": FutureRecordMetadata,
    "KafkaAdminClient": KafkaAdminClient,
    "KafkaConsumer": KafkaConsumer,
    "KafkaProducer": KafkaProducer,
    "NewTopic": admin.NewTopic,
    "NewPartitions": admin.NewPartitions,
    "ConfigResource": admin.ConfigResource,
    "ACL": admin.ACL,
    "ACLFilter": admin.ACLFilter,
    "ResourcePattern": admin.ResourcePattern,
    "ResourcePatternFilter": admin.ResourcePatternFilter,
    "MemberToRemove": admin.MemberToRemove,
    "UserScramCredentialDeletion": admin.UserScramCredentialDeletion,
    "UserScramCredentialUpsertion": admin.UserScramCredentialUpsertion,
}

# Every row here is a row of docs/compat.rst.
NOT_OFFERED = {
    "KafkaProducer": {
        "abort_transaction",
        "begin_transaction",
        "commit_transaction",
        "init_transactions",
        "send_offsets_to_transaction",
    },
    # The sender's own business; nobody outside it can complete a record.
    "FutureRecordMetadata": {"failure", "rebind", "success"},
}

METHODS = [
    (name, method)
    for name in CLASSES
    for method in FACTS["methods"][name]
    # Nobody names the arguments of __exit__.
    if method not in {*NOT_OFFERED.get(name, ()), "__exit__"}
]


def parameters(function: object) -> list[list[str]]:
    """Return names and defaults of the arguments, as the facts write them."""
    found = []
    for parameter in inspect.signature(function).parameters.values():  # type: ignore[arg-type]
        stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}
        row = [stars.get(parameter.kind, "") + parameter.name]
        if parameter.default is not parameter.empty:
            row.append(repr(parameter.default))
        if parameter.name != "self":
            found.append(row)
    return found


@pytest.mark.parametrize(("name", "method"), METHODS)
def test_method_takes_the_same_arguments_in_the_same_order(name: str, method: str) -> None:
    expected = FACTS["methods"][name][method]
    called = CLASSES[name] if method == "__init__" else getattr(CLASSES[name], method)
    assert parameters(called)[: len(expected)] == expected


def test_async_admin_client_has_the_methods_of_the_blocking_one() -> None:
    public = [name for name in FACTS["methods"]["KafkaAdminClient"] if not name.startswith("_")]
    for name in public:
        ours = parameters(getattr(AsyncKafkaAdminClient, name))
        assert ours == parameters(getattr(KafkaAdminClient, name)), name


@pytest.mark.parametrize("name", FACTS["enums"])
def test_enum_has_the_same_values(name: str) -> None:
    kind = getattr(admin, name, None) or getattr(kafka, name)
    found = {member: getattr(kind, member).value for member in FACTS["enums"][name]}
    assert found == FACTS["enums"][name]


@pytest.mark.parametrize("name", FACTS["fields"])
def test_tuple_has_the_same_fields(name: str) -> None:
    assert list(getattr(structs, name)._fields) == FACTS["fields"][name]


def test_iterator_protocol_is_on_the_class_itself() -> None:
    assert {"__iter__", "__next__", "poll"} <= set(vars(KafkaConsumer))


@pytest.mark.parametrize("name", ["KafkaAdminClient", "KafkaConsumer", "KafkaProducer"])
def test_class_has_its_default_configuration(name: str) -> None:
    assert set(FACTS["defaults"][name]) <= set(CLASSES[name].DEFAULT_CONFIG)
