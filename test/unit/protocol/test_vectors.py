"""Every version of every message against bytes that Apache Kafka's own classes wrote."""

import pytest

from test.support.messages import Interpreter, build, message_classes, vectors

MESSAGES = sorted(message_classes())


@pytest.mark.parametrize("name", MESSAGES)
def test_vectors_cover_every_version_three_times(name):
    cls = message_classes()[name]
    expected = [v for v in range(cls.VERSIONS.min, cls.VERSIONS.max + 1) for _ in range(3)]
    assert [vector["version"] for vector in vectors()[name]] == expected


@pytest.mark.parametrize("name", MESSAGES)
def test_messages_encode_to_the_bytes_of_apache_kafka(name):
    cls = message_classes()[name]
    for vector in vectors()[name]:
        message = build(cls, cls, vector["fields"])
        assert message.encode(vector["version"]) == vector["bytes"], vector


@pytest.mark.parametrize("name", MESSAGES)
def test_the_bytes_of_apache_kafka_decode_to_its_values_and_back(name):
    cls = message_classes()[name]
    for vector in vectors()[name]:
        message = cls.decode(vector["bytes"], vector["version"])
        assert message == build(cls, cls, vector["fields"]), vector
        assert message.encode(vector["version"]) == vector["bytes"], vector


@pytest.mark.parametrize("name", MESSAGES)
def test_the_interpreter_agrees_with_apache_kafka(name):
    cls = message_classes()[name]
    for vector in vectors()[name]:
        message = build(cls, cls, vector["fields"])
        assert Interpreter(cls, vector["version"]).encode(message) == vector["bytes"], vector
