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


def test_unknown_name_of_a_module_that_is_no_package_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"module 'kafka\.version' has no attribute 'x'"):
        lazy_names("kafka.version", {})("x")


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'kafka' has no attribute 'Consumer'"):
        kafka.Consumer  # noqa: B018 - looking is what is tested


def test_name_that_only_other_releases_have_says_so() -> None:
    get = lazy_names("kafka.version", {}, {"x": "because"})
    with pytest.raises(ImportError, match=r"kafka\.version\.x is not available: because"):
        get("x")


def test_dir_lists_public_names_and_submodules_only() -> None:
    listed = [name for name in dir(kafka) if not name.startswith("__")]
    assert {"KafkaProducer", "KafkaConsumer", "TopicPartition", "errors", "aio"} <= set(listed)
    assert not [name for name in listed if name.startswith("_")]
    assert {"TYPE_CHECKING", "annotations", "logging", "lazy_names"}.isdisjoint(listed)


def test_everything_listed_can_be_looked_at() -> None:
    for name in public_names("kafka", {}):
        assert getattr(kafka, name) is not None
