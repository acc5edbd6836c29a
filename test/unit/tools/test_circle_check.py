"""Circles of imports: which are seen, and what the check says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools.circle_check import KNOWN, PACKAGE, Import, circles, imports_of, problems

if TYPE_CHECKING:
    from pathlib import Path


def found(*imports: str) -> list[str]:
    pairs = (line.split(" -> ") for line in imports)
    return [str(circle) for circle in circles(Import(*pair) for pair in pairs)]


def test_two_modules_that_import_each_other_are_a_circle() -> None:
    assert found("p.a -> p.b", "p.b -> p.a", "p.b -> p.c") == ["p: a, b"]


def test_a_circle_by_way_of_others_is_one_circle() -> None:
    assert found("p.c -> p.a", "p.a -> p.b", "p.b -> p.c", "p.b -> p.a") == ["p: a, b, c"]


def test_imports_that_go_down_are_no_circle() -> None:
    assert found("p.a -> p.b", "p.a -> p.c", "p.b -> p.c") == []


def test_packages_are_a_circle_though_none_of_their_modules_is() -> None:
    assert found("p.a.one -> p.b.one", "p.b.two -> p.a.two") == ["p: a, b"]


def test_a_circle_inside_a_package_is_found_there() -> None:
    assert found("p.a.one -> p.a.two", "p.a.two -> p.a.one", "p.b -> p.a.one") == ["p.a: one, two"]


def test_a_package_and_its_own_module_are_a_circle() -> None:
    assert found("p.a -> p.a.one", "p.a.one -> p.a") == ["p.a: __init__, one"]


def test_two_circles_that_do_not_meet_are_two() -> None:
    assert found("p.a -> p.b", "p.b -> p.a", "p.c -> p.d", "p.d -> p.c") == ["p: a, b", "p: c, d"]


@pytest.mark.parametrize(
    "line",
    [
        "from circular.two import B",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from circular.two import B",
        "def f():\n    from circular import two",
    ],
    ids=["at the top", "for types", "in a function"],
)
def test_an_import_counts_wherever_it_is(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "circular"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "one.py").write_text(line)
    (package / "two.py").write_text("import circular.one\n\nclass B: ...")
    monkeypatch.syspath_prepend(tmp_path)
    assert [str(circle) for circle in circles(imports_of("circular"))] == ["circular: one, two"]


def test_a_new_circle_is_reported_with_its_imports() -> None:
    known = circles([Import("p.a", "p.b"), Import("p.b", "p.a")])
    assert problems(known, frozenset()) == ["circle in p: a, b", "  p.a -> p.b", "  p.b -> p.a"]
    assert problems(known, frozenset({"p: a, b"})) == []


def test_a_known_circle_that_is_gone_is_reported() -> None:
    assert problems([], frozenset({"p: a, b"})) == ["p: a, b: the circle is gone, delete its line"]


def test_the_package_has_no_circle_but_the_known_ones() -> None:
    assert problems(circles(imports_of(PACKAGE)), KNOWN) == []
