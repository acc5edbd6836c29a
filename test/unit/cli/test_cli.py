"""``python -m kafka``: what it does with its words."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from kafka.cli import main
from kafka.cli.demo import main as demo

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_an_unknown_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["dance"])
    assert "invalid choice: 'dance'" in capsys.readouterr().err


def test_help_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    assert "demo: start a cluster" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("number", ["0", "-3", "many"])
def test_the_demo_needs_records(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        demo(["--records", number])
    assert "--records" in capsys.readouterr().err


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Return what makes distributions that own the package appear to be installed."""

    def install(*names: str) -> None:
        for name in names:
            info = tmp_path / f"{name.replace('-', '_')}-1.0.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Name: {name}\nVersion: 1.0\n")
            (info / "top_level.txt").write_text("kafka\n")
        monkeypatch.setattr(sys, "path", [str(tmp_path)])

    return install


def test_two_distributions_that_own_the_package_are_named(
    installed: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    installed("kafka-python", "kafka-python-ng")
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "kafka-python and kafka-python-ng are installed together" in capsys.readouterr().err


def test_one_distribution_gets_no_warning(
    installed: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    installed("kafka-python")
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "warning" not in capsys.readouterr().err
