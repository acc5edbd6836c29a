"""Leave the column of tests out of the tables on compatibility.

The source of the page names a test beside each row, so that each row stays true; readers of the
page have no use for the names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx

PAGE: Final = "compat"
COLUMN: Final = "Test"


def leave_tests_out(app: Sphinx, doctree: nodes.document) -> None:
    """Remove the last column of each table that has tests in it."""
    if app.env.docname != PAGE:
        return
    for table in list(doctree.findall(nodes.table)):
        rows = list(table.findall(nodes.row))
        if rows[0][-1].astext() != COLUMN:
            continue
        for row in rows:
            row.pop()
        for group in table.findall(nodes.tgroup):
            columns = [child for child in group if isinstance(child, nodes.colspec)]
            group.remove(columns[-1])
            group["cols"] -= 1


def setup(app: Sphinx) -> dict[str, bool]:
    """Register it."""
    app.connect("doctree-read", leave_tests_out)
    return {"parallel_read_safe": True}
