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
    """``.. kafka-errors:: client`` or ``broker``: the errors of either, as objects to link to."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the rendered list."""
        by_broker = self.arguments[0] == "broker"
        classes = [
            (name, value)
            for name, value in sorted(vars(errors).items())
            if isinstance(value, type)
            and issubclass(value, errors.KafkaError)
            and hasattr(value, "errno") == by_broker
        ]
        if by_broker:
            classes.sort(key=lambda item: item[1].errno)  # type: ignore[attr-defined]  # chosen by it
        node = nodes.section()
        node.document = self.state.document
        lines = [line for name, error in classes for line in render(name, error)]
        self.state.nested_parse(StringList(lines, source="kafka.errors"), 0, node)
        return node.children


def render(name: str, error: type[errors.KafkaError]) -> list[str]:
    """Return the lines that document one error under one of its names."""
    head = [f".. py:exception:: kafka.errors.{name}", ""]
    if name != error.__name__:
        return [*head, f"   Another name of ``{error.__name__}``.", ""]
    bases = ", ".join(f"``{base.__name__}``" for base in error.__bases__)
    code = getattr(error, "errno", None)
    meaning = getattr(error, "description", "") or (error.__doc__ or "").partition("\n\n")[0]
    facts = [f"A {bases}."]
    if code is not None:
        facts.insert(0, f"Code {code}.")
    if error.retriable:
        facts.append("Retriable: the same call may succeed later.")
    if error.may_be_written:
        facts.append("A record that failed with it may be written all the same.")
    return [*head, f"   {' '.join(meaning.split())}", "", f"   {' '.join(facts)}", ""]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("kafka-errors", KafkaErrors)
    return {"parallel_read_safe": True}
