"""Every version of every message against bytes that Apache Kafka's own classes wrote."""

import pytest

from test.support.messages import Interpreter, build, message_classes, vectors

MESSAGES = sorted(message_classes())


def test_vectors_cover_every_version_three_times():
    covered = {name: [vector["version"] for vector in vectors()[name]] for name in MESSAGES}
    assert covered == {
        name: [v for v in range(cls.VERSIONS.min, cls.VERSIONS.max + 1) for _ in range(3)]
        for name, cls in message_classes().items()
    }


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
