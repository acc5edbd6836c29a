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


def test_transactional_id_implies_idempotence() -> None:
    config = ProducerConfig(transactional_id="t")
    assert (config.enable_idempotence, config.requires_idempotence) == (True, True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"acks": 1}, "transactional_id needs acks='all', not 1"),
        ({"enable_idempotence": False}, "transactional_id needs enable_idempotence"),
        (
            {"transaction_two_phase_commit_enable": True, "transaction_timeout_ms": 1},
            "leave transaction_timeout_ms out",
        ),
    ],
)
def test_what_does_not_go_with_transactions_is_refused(
    options: dict[str, object], message: str
) -> None:
    with pytest.raises(KafkaConfigurationError, match=message):
        ProducerConfig.from_kwargs({"transactional_id": "t", **options})


def test_two_phases_need_transactions() -> None:
    with pytest.raises(KafkaConfigurationError, match="needs a transactional_id"):
        ProducerConfig(transaction_two_phase_commit_enable=True)


def test_transactional_id_is_not_empty() -> None:
    with pytest.raises(KafkaConfigurationError):
        ProducerConfig(transactional_id="")


CONFLICTS = [
    ({"acks": 1}, "acks='all', not 1"),
    ({"acks": 0}, "acks='all', not 0"),
    ({"retries": 0}, "retries above 0, not 0"),
    (
        {"max_in_flight_requests_per_connection": 6},
        "max_in_flight_requests_per_connection of at most 5, not 6",
    ),
]


@pytest.mark.parametrize(("options", "text"), CONFLICTS)
def test_what_does_not_go_with_idempotence_switches_it_off_with_one_line(
    options: dict[str, object], text: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        config = ProducerConfig.from_kwargs(options)
    assert (config.enable_idempotence, caplog.messages) == (
        False,
        [f"enable_idempotence is off: it needs {text}"],
    )


@pytest.mark.parametrize(("options", "text"), CONFLICTS)
def test_what_does_not_go_with_idempotence_is_refused_if_that_was_asked_for(
    options: dict[str, object], text: str
) -> None:
    with pytest.raises(KafkaConfigurationError) as caught:
        ProducerConfig.from_kwargs({"enable_idempotence": True, **options})
    assert f"enable_idempotence=True needs {text}" in str(caught.value)


@pytest.mark.parametrize(("options", "_text"), CONFLICTS)
def test_everything_goes_without_idempotence(
    options: dict[str, object], _text: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        config = ProducerConfig.from_kwargs({"enable_idempotence": False, **options})
    assert (config.enable_idempotence, config.requires_idempotence, caplog.messages) == (
        False,
        False,
        [],
    )


def test_idempotence_is_on_unless_it_is_switched_off() -> None:
    config = ProducerConfig(acks="all", retries=3, max_in_flight_requests_per_connection=5)
    assert (config.enable_idempotence, config.requires_idempotence) == (True, False)
    assert ProducerConfig(enable_idempotence=True).requires_idempotence


def test_object_that_cannot_partition_is_refused() -> None:
    with pytest.raises(TypeError, match="partitioner"):
        ProducerConfig(partitioner=object())


def test_defaults_keep_the_clean_log_clean(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        ProducerConfig()
    assert caplog.records == []
