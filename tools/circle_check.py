"""Keep circles out of the imports: ``python -m tools.circle_check``.

The policy: the modules and sub-packages of one package import each other without a circle, and so
do a package's own ``__init__`` and what is in it.  Imports for type checking and imports inside
functions count: they keep a circle from failing at import, not from being one.

import-linter has a contract against circles between siblings, but its other contracts need imports
for type checking left out, and that setting is one for all.  So this asks grimp, import-linter's
own graph of imports.

What it cannot see are attributes that are set after construction, and modules imported by a name
that is computed.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

import grimp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

PACKAGE = "kafka"

# Circles that are still there, as they are printed.  One that is gone is an error until its line
# is deleted.
KNOWN: frozenset[str] = frozenset()


class Import(NamedTuple):
    """One module imports another."""

    importer: str
    imported: str

    def __str__(self) -> str:
        return f"{self.importer} -> {self.imported}"


class Circle(NamedTuple):
    """Siblings that import each other, directly or by way of others of them.

    Attributes:
        package: the package they are in.
        members: their names in the package, in order; ``__init__`` is the package's own module.
        imports: one import for each pair of them.
    """

    package: str
    members: tuple[str, ...]
    imports: tuple[Import, ...]

    def __str__(self) -> str:
        return f"{self.package}: {', '.join(self.members)}"


def imports_of(package: str) -> list[Import]:
    """Return every import of one module of *package* by another."""
    graph = grimp.build_graph(package, cache_dir=None)
    return [
        Import(importer, imported)
        for importer in sorted(graph.modules)
        for imported in sorted(graph.find_modules_directly_imported_by(importer))
    ]


def circles(imports: Iterable[Import]) -> list[Circle]:
    """Return the circles between siblings, by package."""
    by_package: dict[str, dict[tuple[str, str], Import]] = {}
    for found in imports:
        package, importer, imported = _siblings(found)
        by_package.setdefault(package, {}).setdefault((importer, imported), found)
    return [
        circle for package, edges in sorted(by_package.items()) for circle in _in(package, edges)
    ]


def _siblings(found: Import) -> tuple[str, str, str]:
    """Return the package that both ends of an import are in, and what they are in it."""
    importer, imported = found.importer.split("."), found.imported.split(".")
    depth = 0
    while depth < min(len(importer), len(imported)) and importer[depth] == imported[depth]:
        depth += 1
    names = (path[depth] if depth < len(path) else "__init__" for path in (importer, imported))
    return ".".join(importer[:depth]), next(names), next(names)


def _in(package: str, edges: dict[tuple[str, str], Import]) -> Iterator[Circle]:
    targets: dict[str, set[str]] = {}
    for importer, imported in edges:
        targets.setdefault(importer, set()).add(imported)
    reached = {name: _reached(name, targets) for name in targets}
    seen: set[str] = set()
    for name in sorted(targets):
        if name in seen or name not in reached[name]:
            continue
        members = {other for other in reached[name] if name in reached.get(other, ())}
        seen |= members
        between = (edges[edge] for edge in sorted(edges) if members.issuperset(edge))
        yield Circle(package, tuple(sorted(members)), tuple(between))


def _reached(start: str, targets: dict[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        new = targets.get(waiting.pop(), set()) - reached
        reached |= new
        waiting.extend(new)
    return reached


def problems(found: Sequence[Circle], known: frozenset[str]) -> list[str]:
    """Return the lines to print; none if there are exactly the *known* circles."""
    lines: list[str] = []
    for circle in found:
        if str(circle) not in known:
            lines += [f"circle in {circle}", *(f"  {line}" for line in circle.imports)]
    gone = known.difference(map(str, found))
    return lines + [f"{name}: the circle is gone, delete its line" for name in sorted(gone)]


def main() -> int:
    """Check the package and return the exit code: 1 if anything breaks the policy."""
    imports = imports_of(PACKAGE)
    lines = problems(circles(imports), KNOWN)
    print(*lines, sep="\n", end="\n" if lines else "")
    print(f"{len(imports)} imports between modules of {PACKAGE}, circles known: {len(KNOWN)}")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
