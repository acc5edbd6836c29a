"""Sphinx directive ``kafka-errors``: every error with code and meaning, from the code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from kafka import errors

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class KafkaErrors(SphinxDirective):
    """``.. kafka-errors::``: a list of all errors, those of brokers by code."""

    def run(self) -> list[nodes.Node]:
        """Return the rendered list."""
        classes = {
            value
            for value in vars(errors).values()
            if isinstance(value, type) and issubclass(value, errors.KafkaError)
        }
        ordered = sorted(classes, key=lambda error: (getattr(error, "errno", -9), error.__name__))
        node = nodes.section()
        node.document = self.state.document
        lines = [line for error in ordered for line in render(error)]
        self.state.nested_parse(StringList(lines, source="kafka.errors"), 0, node)
        return node.children


def render(error: type[errors.KafkaError]) -> list[str]:
    """Return the lines that document one error."""
    code = getattr(error, "errno", None)
    name = f"``{error.__name__}``" if code is None else f"``{error.__name__}`` ({code})"
    meaning = getattr(error, "description", "") or (error.__doc__ or "").partition("\n")[0]
    nature = " *Retriable.*" if error.retriable else ""
    return [name, f"   {meaning.replace('`', '``')}{nature}", ""]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("kafka-errors", KafkaErrors)
    return {"parallel_read_safe": True}
