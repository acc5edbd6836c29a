"""The small picture of all clients: every figure is in it, and nothing is left out in silence."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from test.bench import clients_plot
from test.bench.results import Metric, Result, read

ROOT = Path(__file__).parents[3]
MEASURED = ROOT / "docs" / "_static" / "performance.json"


@pytest.fixture(scope="module")
def measured() -> list[Result]:
    return read(MEASURED)[1]


def texts(svg: str) -> list[str]:
    """Return what can be read."""
    found = (element for element in ET.fromstring(svg).iter() if element.tag.endswith("text"))
    return ["".join(element.itertext()) for element in found]


def test_each_client_has_its_figure_of_real_kafka(measured: list[Result]) -> None:
    shown = texts(clients_plot.draw_clients(measured))
    for title, bars in clients_plot.PANELS.items():
        assert title in shown
        for bar in bars:
            (value,) = (
                result.value
                for result in measured
                if (result.row, result.client, result.broker) == (bar.row, bar.client, "kafka")
            )
            assert bar.label in shown
            assert f"{value:,.0f}" in shown


def test_what_is_drawn_is_records_a_second(measured: list[Result]) -> None:
    drawn = {bar.row for bars in clients_plot.PANELS.values() for bar in bars}
    assert {result.metric for result in measured if result.row in drawn} == {Metric.RATE.unit}


def test_the_fastest_way_of_each_peer_is_drawn(measured: list[Result]) -> None:
    for bars in clients_plot.PANELS.values():
        rows = {bar.row for bar in bars if bar.client != "aiokafka"}
        drawn = {(bar.row, bar.client) for bar in bars}
        assert {
            (result.row, result.client)
            for result in measured
            if result.row in rows and result.broker == "kafka"
        } <= drawn


def test_a_figure_that_is_missing_is_named(measured: list[Result]) -> None:
    with pytest.raises(KeyError, match="confluent-callback"):
        clients_plot.draw_clients([r for r in measured if r.client != "confluent-callback"])


def test_the_command_draws_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    svg = tmp_path / "clients.svg"
    monkeypatch.setattr(sys, "argv", ["clients_plot", str(MEASURED), str(svg)])
    clients_plot.main()
    shown = ROOT / "docs" / "_static" / "clients.svg"
    assert texts(svg.read_text()) == texts(shown.read_text())
