"""Documentation of configs: of all there are, of none there are not, and in a line each."""

from __future__ import annotations

import pytest

from kafka.testing.broker.broker_configs import BROKER_CONFIGS
from kafka.testing.broker.config_docs import BROKER_DOCS, GROUP_DOCS, TOPIC_DOCS
from kafka.testing.broker.configs import TOPIC_CONFIGS
from kafka.testing.broker.group_configs import GROUP_CONFIGS


def test_every_config_of_topics_and_groups_is_documented() -> None:
    assert set(TOPIC_DOCS) == set(TOPIC_CONFIGS)
    assert set(GROUP_DOCS) == set(GROUP_CONFIGS)


def test_only_configs_there_are_are_documented() -> None:
    assert set(BROKER_DOCS) <= set(BROKER_CONFIGS)


@pytest.mark.parametrize("docs", [TOPIC_DOCS, BROKER_DOCS, GROUP_DOCS])
def test_a_text_ends_like_a_sentence_and_has_no_line_breaks(docs: dict[str, str]) -> None:
    for name, text in docs.items():
        assert text.endswith("."), name
        assert "\n" not in text, name
        assert "  " not in text, name
