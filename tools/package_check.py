"""Build the distributions and use them the way a user would: ``python -m tools.package_check``.

In a clean environment outside the source tree: install without dependencies, import, make sure that
nothing but the package is in the wheel, that the source distribution can be tested from, that the
metadata renders, that importing stays cheap, and that ``kafka-python[all]`` needs no compiler on
glibc or musl.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Seconds for importing both clients, the best of several runs: most of it is asyncio's.
IMPORT_BUDGET = 1.0
RUNS = 5
# What a Linux distribution needs to test from the source distribution.
SOURCES = ("CHANGES.rst", "docs/conf.py", "test/conftest.py", "tools/size_check.py", "tox.ini")
# glibc and musl (Alpine); all versions of Python that the package is for.
PLATFORMS = (
    ("manylinux_2_17_x86_64", "manylinux2014_x86_64", "manylinux_2_28_x86_64"),
    ("musllinux_1_1_x86_64", "musllinux_1_2_x86_64"),
)
PYTHONS = ("3.11", "3.12", "3.13", "3.14")

_IMPORTS = """
import time
start = time.perf_counter()
from kafka import KafkaConsumer, KafkaProducer
print(time.perf_counter() - start)
"""

_SMOKE = """
import kafka, sys
from importlib.metadata import metadata
assert kafka.__file__.startswith(sys.prefix), kafka.__file__
assert metadata("kafka-python")["Version"] == kafka.__version__
loaded = [name for name in sys.modules if name.startswith(("kafka.producer", "kafka.consumer"))]
assert not loaded, f"import kafka loads {loaded}"
for name in kafka.__all__:
    getattr(kafka, name)
import kafka.aio, kafka.codec, kafka.future
for name in kafka.aio.__all__:
    getattr(kafka.aio, name)
"""


def main() -> int:
    """Run every check; return the exit status."""
    with tempfile.TemporaryDirectory() as directory:
        wheel = build(Path(directory))
        check_content(wheel)
        check_sources(next(Path(directory).glob("*.tar.gz")))
        files = [str(path) for path in Path(directory).iterdir() if path.is_file()]
        run(sys.executable, "-m", "twine", "check", "--strict", *files, where=directory)
        check_binaries(wheel, directory)
        python = make_environment(Path(directory) / "env")
        run(python, "-m", "pip", "install", "-q", "--no-deps", str(wheel), where=directory)
        # Without crc32c the package says once that it is slow; nothing else may warn.
        run(python, "-W", "error", "-c", _SMOKE, where=directory)
        seconds = min(
            float(run(python, "-c", _IMPORTS, where=directory).split()[-1]) for _ in range(RUNS)
        )
        print(f"importing both clients: {seconds * 1000:.0f} ms")
        if seconds > IMPORT_BUDGET:
            print(f"over the budget of {IMPORT_BUDGET * 1000:.0f} ms")
            return 1
        run(python, "-m", "pip", "install", "-q", str(wheel), where=directory)
        run(python, "-m", "pip", "check", where=directory)
        check_scripts(Path(python).parent, directory)
        print(f"{wheel.name}: {wheel.stat().st_size // 1024} KB, good")
    return 0


def build(directory: Path) -> Path:
    """Build the wheel into *directory*, through the source distribution, and return its path."""
    run(sys.executable, "-m", "build", "--outdir", str(directory), str(ROOT), where=directory)
    return next(directory.glob("*.whl"))


def check_content(wheel: Path) -> None:
    """Make sure that the wheel holds the package, its type marker and nothing else."""
    names = zipfile.ZipFile(wheel).namelist()
    strangers = [name for name in names if not name.startswith(("kafka/", "kafka_python-"))]
    if strangers:
        raise SystemExit(f"the wheel should not contain {', '.join(strangers)}")
    if "kafka/py.typed" not in names:
        raise SystemExit("the wheel lacks kafka/py.typed")


def check_sources(archive: Path) -> None:
    """Make sure that the source distribution can be tested from."""
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    missing = [name for name in SOURCES if name not in names]
    if missing:
        raise SystemExit(f"the source distribution lacks {', '.join(missing)}")


def check_binaries(wheel: Path, directory: str) -> None:
    """Make sure that everything ``[all]`` needs has a wheel for each platform and Python."""
    for platforms in PLATFORMS:
        for python in PYTHONS:
            command = [sys.executable, "-m", "pip", "download", "-q", "--only-binary", ":all:"]
            command += ["--implementation", "cp", "--python-version", python]
            command += [word for name in platforms for word in ("--platform", name)]
            run(*command, "-d", f"{directory}/wheels", f"{wheel}[all]", where=directory)
    print(f"[all] has wheels for Python {', '.join(PYTHONS)} on glibc and musl")


def check_scripts(scripts: Path, directory: str) -> None:
    """Make sure that the console scripts start."""
    for name in ("kafka-python", "kafka-testing"):
        run(str(scripts / name), "--help", where=directory)


def make_environment(directory: Path) -> str:
    """Create a virtual environment and return the path of its interpreter."""
    venv.create(directory, with_pip=True)
    return str(directory / ("Scripts" if sys.platform == "win32" else "bin") / "python")


def run(*command: str, where: str | Path) -> str:
    """Run *command* in *where* and return its output; stop with its messages if it fails."""
    result = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)
    if result.returncode:
        raise SystemExit(f"{' '.join(command)}\n{result.stdout}{result.stderr}")
    return result.stdout


if __name__ == "__main__":
    sys.exit(main())
