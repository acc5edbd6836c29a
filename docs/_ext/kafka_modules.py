"""Sphinx directive ``kafka-modules``: the file map, from the first lines of the modules."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[2]


class KafkaModules(SphinxDirective):
    """``.. kafka-modules:: directory``: its modules and what each is for."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the rendered list."""
        lines = [
            line
            for path in sorted((ROOT / self.arguments[0]).glob("*.py"))
            if path.stat().st_size
            for line in render(path)
        ]
        node = nodes.section()
        node.document = self.state.document
        self.state.nested_parse(StringList(lines, source="modules"), 0, node)
        return node.children


def render(path: Path) -> list[str]:
    """Return the lines that describe one module."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    first = text.partition("\n\n")[0].replace("\n", " ").replace("``", "`").replace("`", "``")
    return [f"``{path.name}``", f"   {first}", ""]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("kafka-modules", KafkaModules)
    return {"parallel_read_safe": True}
