"""The admin client of kafka-python 2.3.3: methods, options, and what programs do with results."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kafka import KafkaAdminClient, admin, config
from kafka.errors import KafkaConfigurationError
from kafka.testing import EmbeddedCluster
from test.compat import admin_calls_2
from test.compat.test_admin_results import CONFIG
from test.compat.test_signatures import parameters


def facts(name: str) -> dict[str, Any]:  # Any: JSON
    found: dict[str, Any] = json.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))
    return found


FACTS = facts("kafka_python_2_3_3.json")
METHODS = FACTS["methods"]["KafkaAdminClient"]
EXPECTED = facts("admin_results_2_3_3.json")
#: They take requests, which are not those of 2.x.
SENDING = {"send_request", "send_requests"}


@pytest.fixture(scope="module")
def found() -> Iterator[dict[str, object]]:
    with EmbeddedCluster(3, config=CONFIG, version="3.9") as cluster:
        yield admin_calls_2.run(cluster.bootstrap_servers)


def test_every_method_is_called() -> None:
    assert {name.split()[0] for name in EXPECTED} | SENDING == set(METHODS)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_expression_is_worth_the_same(found: dict[str, object], name: str) -> None:
    assert json.loads(json.dumps(found[name])) == EXPECTED[name]


@pytest.mark.parametrize("name", sorted(METHODS.keys() - SENDING))
def test_method_takes_the_same_arguments_in_the_same_order(name: str) -> None:
    ours = parameters(getattr(KafkaAdminClient, name))
    assert ours[: len(METHODS[name])] == METHODS[name]


@pytest.mark.parametrize("name", sorted(FACTS["methods"].keys() - {"KafkaAdminClient"}))
def test_class_takes_the_same_arguments(name: str) -> None:
    expected = FACTS["methods"][name]["__init__"]
    ours = parameters(getattr(admin, name).__init__)[: len(expected)]
    # What had to be given in 2.x may have a default today.
    assert [row[0] for row in ours] == [row[0] for row in expected]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", FACTS["options"]["KafkaAdminClient"])
def test_option_is_known(name: str) -> None:
    # What is unknown is refused before what has the wrong type.
    with pytest.raises((TypeError, ValueError, KafkaConfigurationError)) as caught:
        config.AdminConfig.from_kwargs({name: object(), "no_such_option": 1})
    assert "no_such_option" in str(caught.value)
    assert f"'{name}'" not in str(caught.value)


@pytest.mark.parametrize("name", FACTS["exports"]["kafka.admin"])
def test_name_is_there(name: str) -> None:
    assert hasattr(admin, name)
