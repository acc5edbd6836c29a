"""When a bootstrap is over, and with which error."""

from __future__ import annotations

import pytest

from kafka.errors import (
    KafkaConnectionError,
    KafkaError,
    NoBrokersAvailable,
    SaslAuthenticationFailedError,
    TlsError,
    TlsVerificationError,
    UnsupportedVersionError,
)
from kafka.net.bootstrap_trials import BootstrapTrials, Failure, bootstrap_error, not_reached
from kafka.net.diagnosis import Ending, Stage, StageError
from kafka.net.node_states import Address

HOST = Address("10.0.0.1", 9092)
OTHER = Address("10.0.0.2", 9092)
REFUSED = StageError("a:9092 (10.0.0.1:9092): Connection refused", Stage.TCP)


def failure(
    error: KafkaError, stage: Stage, server: str = "a:9092", address: Address | None = HOST
) -> Failure:
    return Failure(server, address, stage, error)


def hang_up(stage: Stage = Stage.TLS, hang_ups: int = 1) -> Failure:
    error = StageError("a:9092 (10.0.0.1:9092): closed", stage, Ending.HUNG_UP, hang_ups=hang_ups)
    return failure(error, stage)


PROVED = [
    failure(TlsVerificationError("a:9092 (10.0.0.1:9092): expired"), Stage.TLS),
    failure(SaslAuthenticationFailedError("a:9092 (10.0.0.1:9092): wrong"), Stage.SASL),
    failure(UnsupportedVersionError("too old"), Stage.API_VERSIONS),
    failure(StageError("HTTP", Stage.API_VERSIONS, Ending.PROVED), Stage.API_VERSIONS),
    failure(StageError("silent", Stage.TLS, Ending.SILENT), Stage.TLS),
    failure(StageError("silent", Stage.SASL, Ending.SILENT), Stage.SASL),
]


@pytest.mark.parametrize("proved", PROVED, ids=lambda f: f"{f.stage.name}-{f.error}")
def test_what_is_proved_ends_the_bootstrap_at_once(proved: Failure) -> None:
    trials = BootstrapTrials()
    trials.on_failure(proved, 5.0)
    assert trials.is_over([proved], 5.0)
    assert trials.settled(proved.server, proved.address) is proved


@pytest.mark.parametrize("proved", PROVED, ids=lambda f: f"{f.stage.name}-{f.error}")
def test_silence_proves_nothing_to_a_client_that_has_run(proved: Failure) -> None:
    trials = BootstrapTrials(silence_is_final=False)
    trials.on_failure(proved, 5.0)
    assert trials.are_hopeless([proved]) == (proved not in PROVED[4:])


@pytest.mark.parametrize(
    "passing",
    [
        failure(REFUSED, Stage.TCP),
        failure(StageError("silent", Stage.API_VERSIONS, Ending.SILENT), Stage.API_VERSIONS),
        failure(StageError("no name", Stage.DNS), Stage.DNS, address=None),
        hang_up(),
    ],
    ids=lambda f: f.stage.name,
)
def test_what_may_pass_does_not(passing: Failure) -> None:
    trials = BootstrapTrials()
    trials.on_failure(passing, 5.0)
    assert not trials.is_over([passing], 5.0)
    assert trials.settled(passing.server, passing.address) is None


def test_third_hang_up_ends_it_after_a_second() -> None:
    trials, failed = BootstrapTrials(), hang_up()
    for now in (5.0, 5.1, 5.9):
        trials.on_failure(failed, now)
        assert not trials.is_over([failed], now)
    trials.on_failure(failed, 6.0)
    assert trials.is_over([failed], 6.0)


def test_two_hang_ups_do_not_end_it_however_long_it_takes() -> None:
    trials, failed = BootstrapTrials(), hang_up()
    trials.on_failure(failed, 5.0)
    trials.on_failure(failed, 15.0)
    assert not trials.is_over([failed], 15.0)


def test_hang_ups_of_one_attempt_count_each() -> None:
    trials, failed = BootstrapTrials(), hang_up(Stage.API_VERSIONS, 2)
    trials.on_failure(failed, 5.0)
    trials.on_failure(failed, 6.0)
    assert trials.is_over([failed], 6.0)


@pytest.mark.parametrize("other", [hang_up(Stage.SASL), failure(REFUSED, Stage.TCP)])
def test_hang_up_at_another_stage_is_the_first_there(other: Failure) -> None:
    trials = BootstrapTrials()
    for now, failed in ((5.0, hang_up()), (5.5, hang_up()), (6.0, other), (6.5, hang_up())):
        trials.on_failure(failed, now)
    assert not trials.is_over([hang_up()], 6.5)


def test_other_server_has_one_more_second_after_a_refusal() -> None:
    refused, waiting = PROVED[1], failure(REFUSED, Stage.TCP, "b:9092", OTHER)
    trials = BootstrapTrials()
    assert (trials.has_refusal, trials.ends_at) == (False, float("inf"))
    trials.on_failure(refused, 5.0)
    trials.on_failure(waiting, 5.0)
    assert (trials.has_refusal, trials.ends_at) == (True, 6.0)
    assert not trials.is_over([refused, waiting], 5.9)
    assert trials.is_over([refused, waiting], 6.0)
    assert not trials.are_hopeless([refused, waiting])


def test_server_that_is_too_old_keeps_nobody_from_the_others() -> None:
    old, waiting = PROVED[2], failure(REFUSED, Stage.TCP, "b:9092", OTHER)
    trials = BootstrapTrials()
    trials.on_failure(old, 5.0)
    trials.on_failure(waiting, 5.0)
    assert not trials.is_over([old, waiting], 9.0)


def test_address_at_which_nobody_listens_does_not_keep_a_name_alive() -> None:
    elsewhere = failure(REFUSED, Stage.TCP, address=OTHER)
    trials = BootstrapTrials()
    trials.on_failure(PROVED[2], 5.0)
    trials.on_failure(elsewhere, 5.0)
    assert trials.is_over([PROVED[2], elsewhere], 5.0)


def test_attempt_that_will_settle_it_is_made_when_it_can() -> None:
    trials = BootstrapTrials()
    trials.on_failure(hang_up(), 5.0)
    assert trials.pause(0.1, 5.0) == 0.1
    trials.on_failure(hang_up(), 5.1)
    assert trials.pause(0.1, 5.1) == pytest.approx(0.9)
    assert trials.pause(2.0, 5.1) == 2.0


def test_server_that_may_come_up_is_not_kept_waiting_for_that() -> None:
    trials = BootstrapTrials()
    trials.on_failure(hang_up(), 5.0)
    trials.on_failure(hang_up(), 5.1)
    silent = StageError("silent", Stage.API_VERSIONS, Ending.SILENT)
    trials.on_failure(failure(silent, Stage.API_VERSIONS, "b:9092", OTHER), 5.1)
    assert trials.pause(0.1, 5.1) == 0.1


def test_error_of_a_refusal_is_raised_with_its_class_and_text() -> None:
    error = bootstrap_error([PROVED[0]])
    assert type(error) is TlsVerificationError
    assert error.args == ("a:9092 (10.0.0.1:9092): expired",)


def test_other_servers_are_told_beside_a_refusal() -> None:
    error = bootstrap_error([failure(REFUSED, Stage.TCP, "b:9092", OTHER), PROVED[1]])
    assert type(error) is SaslAuthenticationFailedError
    assert error.args[0] == (
        "a:9092 (10.0.0.1:9092): wrong\nalso tried:\n"
        "  b:9092 (10.0.0.2:9092) [TCP]: a:9092 (10.0.0.1:9092): Connection refused"
    )


@pytest.mark.parametrize(
    ("failed", "kind"),
    [
        (hang_up(Stage.TLS), TlsError),
        (hang_up(Stage.SASL), SaslAuthenticationFailedError),
        (hang_up(Stage.API_VERSIONS), NoBrokersAvailable),
        (hang_up(Stage.METADATA), NoBrokersAvailable),
        (PROVED[4], TlsError),
        (PROVED[5], NoBrokersAvailable),
        (failure(REFUSED, Stage.TCP), NoBrokersAvailable),
        (failure(KafkaConnectionError("x"), Stage.METADATA), NoBrokersAvailable),
    ],
)
def test_stage_decides_about_the_class_of_the_error(
    failed: Failure, kind: type[KafkaError]
) -> None:
    assert type(bootstrap_error([failed])) is kind


def test_servers_that_were_not_reached_are_listed_once_each() -> None:
    failed = failure(REFUSED, Stage.TCP)
    assert str(not_reached([failed, failed]).args[0]).splitlines()[1:] == [
        "  a:9092 (10.0.0.1:9092) [TCP]: Connection refused"
    ]
