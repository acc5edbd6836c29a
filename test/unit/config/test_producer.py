"""Options of producers."""

from __future__ import annotations

import logging

import pytest

from kafka.config import ProducerConfig
from kafka.errors import KafkaConfigurationError


@pytest.mark.parametrize(("given", "kept"), [("all", -1), (-1, -1), (0, 0), (1, 1)])
def test_acks_are_kept_as_the_protocol_has_them(given: object, kept: int) -> None:
    assert ProducerConfig.from_kwargs({"acks": given}).acks == kept


@pytest.mark.parametrize("acks", [2, -2, "some"])
def test_unknown_acks_are_refused(acks: object) -> None:
    with pytest.raises(KafkaConfigurationError, match="acks"):
        ProducerConfig.from_kwargs({"acks": acks})


def test_true_is_no_number_of_acks() -> None:
    with pytest.raises(TypeError, match="acks"):
        ProducerConfig.from_kwargs({"acks": True})


@pytest.mark.parametrize("codec", [None, "gzip", "snappy", "lz4", "zstd"])
def test_codec_of_kafka_is_accepted(codec: str | None) -> None:
    assert ProducerConfig(compression_type=codec).compression_type == codec


def test_codec_none_may_be_spelled_out() -> None:
    assert ProducerConfig(compression_type="none").compression_type is None


def test_unknown_codec_is_refused() -> None:
    with pytest.raises(KafkaConfigurationError, match="Not supported codec"):
        ProducerConfig(compression_type="brotli")


def test_level_is_that_of_the_codec_in_use() -> None:
    config = ProducerConfig(
        compression_type="zstd", compression_zstd_level=7, compression_gzip_level=1
    )
    assert config.compression_level == 7


def test_levels_of_other_codecs_are_checked_too() -> None:
    with pytest.raises(KafkaConfigurationError, match="compression_gzip_level=10"):
        ProducerConfig(compression_type="zstd", compression_gzip_level=10)


def test_producers_without_a_name_are_numbered() -> None:
    first, second = ProducerConfig(), ProducerConfig(client_id=None)  # type: ignore[arg-type]
    assert int(second.client_id.rpartition("-")[2]) == int(first.client_id.rpartition("-")[2]) + 1


def test_delivery_timeout_left_alone_is_raised_with_a_warning_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        config = ProducerConfig(request_timeout_ms=200000, linger_ms=5)
    assert (config.delivery_timeout_ms, len(caplog.records)) == (200005, 1)


def test_delivery_timeout_too_short_for_one_request_is_refused() -> None:
    with pytest.raises(KafkaConfigurationError, match="delivery_timeout_ms=30000 must not"):
        ProducerConfig(delivery_timeout_ms=30000, linger_ms=1)


@pytest.mark.parametrize(
    ("name", "value"), [("transactional_id", "t"), ("enable_idempotence", True)]
)
def test_feature_that_is_not_there_is_refused(name: str, value: object) -> None:
    with pytest.raises(KafkaConfigurationError, match=f"{name}=.* not part of this release"):
        ProducerConfig.from_kwargs({name: value})


def test_object_that_cannot_partition_is_refused() -> None:
    with pytest.raises(TypeError, match="partitioner"):
        ProducerConfig(partitioner=object())


def test_defaults_keep_the_clean_log_clean(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        ProducerConfig()
    assert caplog.records == []
