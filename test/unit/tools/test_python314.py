"""Python 3.14 beside the system: what is refused, what is found, how it is started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools.python314 import NAME, main, options, unpacked, wrap


def script(path: Path, text: str) -> Path:
    """Write a program of the shell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory that is all of the path, and an empty cache beside it."""
    path = tmp_path / "path"
    path.mkdir()
    monkeypatch.setenv("PATH", str(path))
    monkeypatch.setenv("KAFKA_TEST_CACHE", str(tmp_path / "cache"))
    return path


def test_a_system_without_apt_is_refused_in_one_line(
    bare: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del bare
    assert main([]) == 1
    found = capsys.readouterr()
    assert found.out == ""
    assert found.err.startswith(f"no {NAME}: Debian's packages need ")
    assert found.err.count("\n") == 1


def test_an_interpreter_on_the_path_is_used(bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
    python = script(bare / NAME, "exit 0")
    assert main([]) == 0
    assert capsys.readouterr().out == f"{python}\n"


def test_a_shim_without_an_interpreter_behind_it_is_not_used(
    bare: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script(bare / NAME, "exit 127")
    assert main([]) == 1
    assert NAME in capsys.readouterr().err


def test_what_an_earlier_run_left_is_found(bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = bare.parent / "cache" / NAME
    python = script(directory / "usr/bin" / NAME, "exit 0")
    (directory / "complete").touch()
    assert unpacked(directory) == python
    assert main([]) == 0
    assert capsys.readouterr().out == f"{python}\n"


def test_a_command_finds_it_first_and_its_status_is_returned(bare: Path) -> None:
    script(bare / NAME, "exit 0")
    assert main(["/bin/sh", "-c", f"test $(command -v {NAME}) = {bare}/{NAME} && exit 7"]) == 7


@pytest.mark.skipif(sys.platform != "linux", reason="the loader is that of Linux")
def test_the_interpreter_starts_by_the_loader_beside_it_under_the_name_it_was_called_by(
    tmp_path: Path,
) -> None:
    directory = tmp_path / "with a space"
    libraries = directory / "usr/lib/x86_64-linux-gnu"
    loader = script(libraries / "ld-linux-x86-64.so.2", 'printf "%s\\n" "$@"')
    python = script(directory / "usr/bin" / NAME, "exit 1")
    wrap(directory, python)
    link = tmp_path / "python"
    link.symlink_to(python)
    found = subprocess.run([link, "-c", "print('a b')"], capture_output=True, text=True, check=True)
    assert loader.exists()
    assert found.stdout.splitlines() == [
        "--library-path",
        str(libraries),
        "--argv0",
        str(link),
        f"{python}-binary",
        "-c",
        "print('a b')",
    ]


def test_apt_keeps_what_it_writes_in_the_directory(tmp_path: Path) -> None:
    found = dict(option.split("=", 1) for option in options(tmp_path))
    assert {found[name] for name in ("Dir::State", "Dir::Cache")} == {
        f"{tmp_path}/state",
        f"{tmp_path}/cache",
    }
    assert found["Dir::State::status"] == f"{tmp_path}/status"
