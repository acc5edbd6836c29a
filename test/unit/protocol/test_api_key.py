"""The numbers of the APIs."""

from __future__ import annotations

import kafka.protocol
from kafka.protocol.api_key import ApiKey
from test.support.messages import message_classes


def test_every_api_has_its_number_and_kafkas_name():
    for message in message_classes().values():
        if message.API_KEY >= 0:
            assert kafka.protocol.API_KEYS[message.API_KEY] == message.NAME


def test_enum_of_3_x_has_the_same_numbers():
    assert ApiKey.Metadata == 3
    assert {int(key): key.name for key in ApiKey} == kafka.protocol.API_KEYS


def test_package_lists_its_names_and_modules():
    assert {"API_KEYS", "metadata", "types"} <= set(dir(kafka.protocol))
    assert not hasattr(kafka.protocol, "nothing")
