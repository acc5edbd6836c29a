"""``python -m kafka``: what it does with its words."""

from __future__ import annotations

import pytest

from kafka.cli import main
from kafka.cli.demo import main as demo


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
