"""Names and submodules that are imported on first use."""

from __future__ import annotations

import subprocess
import sys

import pytest

import kafka
from kafka._base.lazy import lazy_names, public_names


def in_new_process(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


# What kafka-python 2.x and 3.x have loaded after a bare import, as far as it exists here.
BARE = (
    *("cluster", "codec", "consumer", "consumer.group", "errors", "future", "metrics"),
    *("partitioner", "partitioner.default", "producer", "producer.future", "producer.kafka"),
    *("protocol", "record", "serializer", "structs", "version"),
)


@pytest.mark.parametrize("path", BARE)
def test_submodule_is_there_after_a_bare_import(path: str) -> None:
    assert f"kafka.{path}" in in_new_process(f"import kafka; print(kafka.{path}.__name__)")


def test_private_module_is_no_attribute_before_it_is_imported() -> None:
    with pytest.raises(AttributeError, match="'kafka' has no attribute '_nothing'"):
        lazy_names("kafka", {})("_nothing")


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'kafka' has no attribute 'Consumer'"):
        kafka.Consumer  # noqa: B018 - looking is what is tested


@pytest.mark.parametrize("name", ["KafkaAdminClient", "KafkaClient", "BrokerConnection"])
def test_name_of_kafka_python_that_is_not_there_yet_says_so(name: str) -> None:
    with pytest.raises(ImportError, match=rf"kafka\.{name} is not available: this release does"):
        exec(f"from kafka import {name}")


def test_dir_lists_public_names_and_submodules_only() -> None:
    listed = [name for name in dir(kafka) if not name.startswith("__")]
    assert {"KafkaProducer", "KafkaConsumer", "TopicPartition", "errors", "aio"} <= set(listed)
    assert not [name for name in listed if name.startswith("_")]
    assert {"TYPE_CHECKING", "annotations", "logging", "lazy_names"}.isdisjoint(listed)


def test_everything_listed_can_be_looked_at() -> None:
    for name in public_names("kafka", {}):
        assert getattr(kafka, name) is not None
