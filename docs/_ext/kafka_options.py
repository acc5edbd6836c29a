"""Sphinx directives for options: ``kafka-options`` lists some, from the code and ``options.toml``.

Each option is an object of its own: the role ``opt`` links to it, and its anchor is its name.
"""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from docutils import nodes
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.directives import ObjectDescription
from sphinx.util.docutils import SphinxDirective
from sphinx.util.logging import getLogger

from kafka.config import AdminConfig, ConsumerConfig, ProducerConfig

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from kafka.config.option import Option

log = getLogger(__name__)

KIND: Final = "kafka-option"
ADVICE: Final = tomllib.loads(
    (Path(__file__).resolve().parents[1] / "options.toml").read_text(encoding="utf-8")
)
# Of an option that both have, the declaration of consumers is shown, which is the shared one.
OPTIONS: Final[dict[str, Option]] = {
    **AdminConfig.OPTIONS,
    **ProducerConfig.OPTIONS,
    **ConsumerConfig.OPTIONS,
}


class KafkaOption(ObjectDescription[str]):
    """``.. kafka-option:: name``: one option; its anchor is the name as it is."""

    def handle_signature(self, sig: str, signode: addnodes.desc_signature) -> str:
        """Show the name."""
        signode += addnodes.desc_name(sig, sig)
        return sig

    def add_target_and_index(self, _name: str, sig: str, signode: addnodes.desc_signature) -> None:
        """Make it an object that can be linked to, with an entry in the index."""
        signode["ids"].append(sig)
        self.env.get_domain("std").note_object(KIND, sig, sig, location=signode)  # type: ignore[attr-defined]  # of the standard domain
        self.indexnode["entries"].append(("single", f"{sig} (option)", sig, "", None))


class KafkaOptions(SphinxDirective):
    """``.. kafka-options::`` with names as its content: these options, in this order."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the rendered options."""
        lines = [
            line
            for name in " ".join(self.content).split()
            for line in render(name, OPTIONS[name], ADVICE[name])
        ]
        node = nodes.section()
        node.document = self.state.document
        self.state.nested_parse(StringList(lines, source="kafka.config"), 0, node)
        return node.children


def render(name: str, option: Option, advice: dict[str, str]) -> list[str]:
    """Return the lines that document one option."""
    body = [option.doc, "", f":Type: ``{option.annotation}``", f":Default: {_default(option)}"]
    valid = valid_values(option)
    if valid:
        body.append(f":Valid: {valid}")
    if option.old_names:
        body.append(f":Earlier name: {', '.join(f'``{old}``' for old in option.old_names)}")
    body.append(f":When to change it: {advice['when']}")
    if "since" in advice:
        body.append(f":Brokers: since {advice['since']}")
    return [f".. {KIND}:: {name}", "", *(f"   {line}" for line in body), ""]


def _default(option: Option) -> str:
    value = option.default
    if callable(value):
        return "a function that does nothing"
    if value == math.inf:
        return "infinite"
    return f"``{value!r}``"


def valid_values(option: Option) -> str:
    """Return what the check of *option* says of values that it refuses; empty without a check."""
    if option.check is None or option.ignored:
        return ""
    for wrong in (-math.inf, "\0", object()):
        try:
            option.check(wrong)
        except (TypeError, ValueError) as error:
            _, must_be, rest = str(error).partition("must be ")
            if must_be:
                return rest.replace("'", "``").replace("\0", "")
        except Exception:  # noqa: BLE001, S112 - a check of text met a number; the next one is text
            continue
    return ""


def check_complete(_app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of options that no page has, and of advice for options that do not exist."""
    shown = {name for kind, name in env.get_domain("std").data["objects"] if kind == KIND}
    for name in sorted(set(OPTIONS) - shown):
        log.warning("the option %s is on no page", name)
    for name in sorted(set(ADVICE) - set(OPTIONS)):
        log.warning("options.toml has advice for %s, which is no option", name)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives and the role."""
    app.add_object_type(KIND, "opt", objname="option")
    app.add_directive_to_domain("std", KIND, KafkaOption, override=True)
    app.add_directive("kafka-options", KafkaOptions)
    app.connect("env-check-consistency", check_complete)
    return {"parallel_read_safe": True}
