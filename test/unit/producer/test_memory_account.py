"""The memory account of a batch has one owner."""

from __future__ import annotations

import ast
from pathlib import Path

import kafka

ACCOUNT = {"memory", "overhead_memory", "room", "backlog_size"}
POOL = {"taken", "ceiling", "reserved", "backlog"}


def written(path: Path, names: set[str]) -> list[tuple[str, str, str]]:
    """Return the attributes of other objects among *names* that a module writes, and where."""
    found: list[tuple[str, str, str]] = []
    for function in ast.walk(ast.parse(path.read_text())):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "setattr":
                found.append((path.stem, function.name, "setattr"))
            if (
                isinstance(node, ast.Attribute)
                and node.attr in names
                and not isinstance(node.ctx, ast.Load)
            ):
                found.append((path.stem, function.name, node.attr))
    return found


def modules() -> list[Path]:
    return sorted(Path(kafka.__file__).with_name("producer").glob("*.py"))


def test_only_the_pool_and_a_line_of_each_append_write_the_account_of_a_batch() -> None:
    found = [
        place
        for path in modules()
        if path.stem != "buffer_pool"
        for place in written(path, ACCOUNT)
    ]
    initial = [("producer_batch", "__init__", name) for name in sorted(ACCOUNT)]
    assert sorted(found) == sorted(
        [("fast_append", "append", "room"), ("fast_append", "append_with", "room"), *initial]
    )


def test_only_the_pool_writes_its_own_figures() -> None:
    found = [
        place for path in modules() if path.stem != "buffer_pool" for place in written(path, POOL)
    ]
    assert found == []


def test_every_writer_is_found(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        "def f(b):\n    b.room = 1\n    b.memory, x = 1, 2\n    b.room += 1\n    del b.memory\n"
        "    b.other = b.room\n    setattr(b, 'room', 1)\n"
    )
    names = [name for _, _, name in written(module, ACCOUNT)]
    assert sorted(names) == ["memory", "memory", "room", "room", "setattr"]
