"""Sphinx directive ``kafka-options``: the options of one configuration class, from its code."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, ClassVar

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sphinx.application import Sphinx

    from kafka.config.option import Option


class KafkaOptions(SphinxDirective):
    """``.. kafka-options:: module.Class [module.Base]``: options of Class that Base lacks."""

    required_arguments = 1
    optional_arguments = 1
    option_spec: ClassVar[dict[str, Callable[[str], str]] | None] = {}

    def run(self) -> list[nodes.Node]:
        """Return the rendered options."""
        shown = options_of(self.arguments[0])
        hidden = options_of(self.arguments[1]) if len(self.arguments) > 1 else {}
        lines = [
            line
            for name, option in sorted(shown.items())
            if hidden.get(name) is not option
            for line in render(name, option)
        ]
        node = nodes.section()
        node.document = self.state.document
        self.state.nested_parse(StringList(lines, source="kafka.config"), 0, node)
        return node.children


def options_of(path: str) -> Mapping[str, Option]:
    """Return the options of the class at the dotted *path*."""
    module, _, name = path.rpartition(".")
    options: Mapping[str, Option] = getattr(import_module(module), name).OPTIONS
    return options


def render(name: str, option: Option) -> list[str]:
    """Return the lines that document one option."""
    lines = [
        f"``{name}``",
        f"   {option.doc}",
        "",
        f"   *Type:* ``{option.annotation}``. *Default:* ``{option.default!r}``.",
        "",
    ]
    if option.old_names:
        old = ", ".join(f"``{old}``" for old in option.old_names)
        lines += [f"   *Earlier name:* {old}.", ""]
    return lines


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("kafka-options", KafkaOptions)
    return {"parallel_read_safe": True}
