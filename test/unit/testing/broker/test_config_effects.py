"""The configs with an effect are those that the brokers' code asks for."""

from __future__ import annotations

import re
from pathlib import Path

from kafka.testing import broker
from kafka.testing.broker.broker_configs import BROKER_CONFIGS
from kafka.testing.broker.config_effects import (
    BROKER_EFFECTS,
    TOPIC_EFFECTS,
    broker_configs_without_effect,
    idle_configs,
    topic_configs_without_effect,
)
from kafka.testing.broker.configs import BROKER_DEFAULTS, TOPIC_CONFIGS

# Modules that say what configs there are, which are valid, and how they are shown.
_ABOUT_CONFIGS = frozenset(
    {
        "broker_configs.py",
        "config_docs.py",
        "config_effects.py",
        "config_store.py",
        "config_values.py",
        "broker_config_alter.py",
        "group_configs.py",
    }
)
# Their names are put together from parts.
_BUILT = frozenset(
    {
        *(f"group.consumer.{name}.ms" for name in ("session.timeout", "heartbeat.interval")),
        "group.consumer.assignment.interval.ms",
        *(f"offsets.topic.{name}" for name in ("num.partitions", "replication.factor")),
        *(f"transaction.state.log.{name}" for name in ("num.partitions", "replication.factor")),
    }
)


def asked_for() -> set[str]:
    root = Path(broker.__file__).parent
    found = set()
    for path in root.rglob("*.py"):
        if path.name in _ABOUT_CONFIGS:
            continue
        text = path.read_text(encoding="utf-8")
        if path.name == "configs.py":
            text = text[text.index("class TopicConfig") :]
        found |= set(re.findall(r'"([a-z0-9]+(?:\.[a-z0-9]+)+)"', text))
    return found


def test_topic_configs_with_an_effect_are_asked_for() -> None:
    assert asked_for() & TOPIC_CONFIGS.keys() == TOPIC_EFFECTS


def test_broker_configs_with_an_effect_are_asked_for() -> None:
    of_topics = {row.broker for row in TOPIC_CONFIGS.values()}
    known = (BROKER_CONFIGS.keys() | BROKER_DEFAULTS.keys()) - TOPIC_CONFIGS.keys() - of_topics
    coarser = {name for name in BROKER_EFFECTS if name.endswith((".hours", "retention.minutes"))}
    own = BROKER_EFFECTS - of_topics - coarser
    asked = (asked_for() & known) | _BUILT
    assert asked == own | {"offsets.retention.minutes"}


def test_every_other_config_is_listed_as_one_without_effect() -> None:
    assert "segment.bytes" in topic_configs_without_effect()
    assert "num.io.threads" in broker_configs_without_effect()
    assert not TOPIC_EFFECTS & set(topic_configs_without_effect())
    assert not BROKER_EFFECTS & set(broker_configs_without_effect())


def test_idle_configs_are_told_apart() -> None:
    names = [
        "num.partitions",
        "num.io.threads",
        "retention.ms",
        "log.retention.hours",
        "preallocate",
    ]
    assert idle_configs(names) == ["num.io.threads", "preallocate"]
