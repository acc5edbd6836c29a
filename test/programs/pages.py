"""Runs the Python blocks of a page in order, in one namespace: ``python -m test.programs.pages``.

Users end the loops of examples; here each consumer ends when all is read. Nothing else is changed
but the address of the broker.
"""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from pathlib import Path
from types import FunctionType

from kafka.testing import EmbeddedCluster

BLOCK = re.compile(r"^( *)\.\. code-block:: python\n\n((?:\1 +.*\n|\n)+)", re.MULTILINE)
HERE = "localhost:9092"
CONSUMERS = {"KafkaConsumer", "AsyncKafkaConsumer"}


def blocks(page: Path) -> list[str]:
    """Return the Python blocks of *page*."""
    found = BLOCK.findall(page.read_text(encoding="utf-8"))
    return [textwrap.dedent(block).strip("\n") + "\n" for _, block in found]


class ForTests(ast.NodeTransformer):
    """Changes the address, and ends the loops.

    Args:
        server: address of the broker.
    """

    def __init__(self, server: str) -> None:
        self._server = server

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        """Change the address."""
        if node.value == HERE:
            return ast.copy_location(ast.Constant(self._server), node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Have each consumer end when all is read."""
        self.generic_visit(node)
        named = {keyword.arg for keyword in node.keywords}
        is_consumer = isinstance(node.func, ast.Name) and node.func.id in CONSUMERS
        if is_consumer and "consumer_timeout_ms" not in named:
            node.keywords.append(ast.keyword("consumer_timeout_ms", ast.Constant(1_500)))
        return node


def run(page: Path, server: str) -> None:
    """Run the blocks of *page* against the broker at *server*."""
    names: dict[str, object] = {"__name__": "__main__"}
    for number, source in enumerate(blocks(page), 1):
        tree = ForTests(server).visit(ast.parse(source))
        before = set(names)
        exec(
            compile(ast.fix_missing_locations(tree), f"{page.name}, block {number}", "exec"), names
        )
        for name in set(names) - before:
            test = names[name]
            if name.startswith("test_") and isinstance(test, FunctionType):
                with EmbeddedCluster(1) as cluster:  # as the fixtures have it
                    wants_cluster = "kafka_cluster" in test.__code__.co_varnames
                    test(cluster if wants_cluster else cluster.bootstrap_servers)


if __name__ == "__main__":
    run(Path(sys.argv[1]), sys.argv[2])
