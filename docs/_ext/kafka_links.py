"""Link every name that the documentation explains: ``linger_ms``, ``KafkaConsumer``, ``poll()``.

Pages and docstrings write names as literals. When a page is written out, a literal that is the name
of an option, a class, an error or a method of a client becomes a link to where that is explained.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

# What a literal such as ``consumer.poll()`` is about.
VARIABLES: Final = {
    "consumer": "kafka.KafkaConsumer",
    "producer": "kafka.KafkaProducer",
    "admin": "kafka.KafkaAdminClient",
    "cluster": "kafka.testing.EmbeddedCluster",
    "future": "kafka.producer.future.FutureRecordMetadata",
}
# Classes whose methods are known by their names alone, where only one of them has the name.
KNOWN_ALONE: Final = ("kafka.KafkaConsumer", "kafka.KafkaProducer", "kafka.KafkaAdminClient")
OPTION: Final = "kafka-option"
OPTION_TITLE: Final = "option"
NOT_WITHIN: Final = (nodes.reference, nodes.title, addnodes.desc_signature, nodes.raw)


class Target(NamedTuple):
    """Where a name is explained."""

    document: str
    anchor: str
    title: str


def targets(env: BuildEnvironment) -> dict[str, Target]:
    """Return the names that can be linked to."""
    found: dict[str, Target] = {}
    methods: dict[str, list[Target]] = {}
    objects = sorted(env.get_domain("py").data["objects"].items(), key=lambda item: len(item[0]))
    for name, entry in objects:
        target = Target(entry.docname, entry.node_id, name)
        owner, _, last = name.rpartition(".")
        found[name] = target
        if entry.objtype in {"method", "property", "attribute"}:
            cls = owner.rpartition(".")[2]
            found.setdefault(f"{cls}.{last}", target)
            for variable, home in VARIABLES.items():
                if owner == home:
                    found[f"{variable}.{last}"] = target
            if owner in KNOWN_ALONE and entry.objtype == "method":
                methods.setdefault(last, []).append(target)
        else:
            found.setdefault(last, target)
    for last, several in methods.items():
        if len(several) == 1:
            found.setdefault(f"{last}()", several[0])
    for (kind, name), (document, anchor) in env.get_domain("std").data["objects"].items():
        if kind == OPTION:
            found[name] = Target(document, anchor, f"{OPTION_TITLE} {name}")
    return found


def name_in(text: str) -> str:
    """Return the name that a literal is about: ``linger_ms=5`` is about ``linger_ms``."""
    call = re.fullmatch(r"([\w.]+)\((.*)\)", text, re.DOTALL)
    if call:
        return f"{call[1]}()"
    return text.partition("=")[0]


class LinkNames(SphinxPostTransform):
    """Turn literals that are known names into links."""

    default_priority = 700

    def run(self, **kwargs: object) -> None:  # noqa: ARG002 - the base class's signature
        """Do it for one page."""
        known = targets(self.app.env)
        for literal in list(self.document.findall(nodes.literal)):
            self._link(literal, known)

    def _link(self, literal: nodes.literal, known: dict[str, Target]) -> None:
        name = name_in(literal.astext())
        plain = name.removesuffix("()")
        target = known.get(f"{self._class_around(literal)}.{plain}")
        target = target or known.get(name) or known.get(plain)
        if target is not None and name != plain and target.title.startswith(OPTION_TITLE):
            return  # a call of a method that has the name of an option
        if target is None or self._is_within(literal):
            return
        if target.document == self.env.docname and self._explains(literal, target.anchor):
            return
        link = make_refnode(
            self.app.builder,
            self.env.docname,
            target.document,
            target.anchor,
            literal.deepcopy(),
            target.title,
        )
        literal.replace_self(link)

    @staticmethod
    def _is_within(node: nodes.Node) -> bool:
        parent = node.parent
        while parent is not None:
            if isinstance(parent, NOT_WITHIN):
                return True
            parent = parent.parent
        return False

    @staticmethod
    def _class_around(node: nodes.Node) -> str:
        """Return the name of the class whose docstring the node is in."""
        parent = node.parent
        while parent is not None:
            if isinstance(parent, addnodes.desc) and parent["objtype"] == "class":
                signature = next(iter(parent.findall(addnodes.desc_signature)))
                return f"{signature.get('module')}.{signature.get('fullname')}"
            parent = parent.parent
        return ""

    @staticmethod
    def _explains(node: nodes.Node, anchor: str) -> bool:
        """Return whether the node stands in the very text that *anchor* leads to."""
        parent = node.parent
        while parent is not None:
            if isinstance(parent, addnodes.desc):
                signatures = (n for n in parent if isinstance(n, addnodes.desc_signature))
                return any(anchor in signature["ids"] for signature in signatures)
            parent = parent.parent
        return False


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the transform."""
    app.add_post_transform(LinkNames)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
