"""``python -m tools.site_check FOLDER``: the built documentation has every name, and no dead link.

The index must have each public name of the package and each option; each link within the site must
lead to a page, and to an anchor on it; addresses of other sites must be well-formed.
"""

from __future__ import annotations

import argparse
import re
import sys
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from kafka.config import AdminConfig, ConsumerConfig, ProducerConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

# What these offer is public; what they say of themselves is not.
MODULES: Final = (
    "kafka",
    "kafka.admin",
    "kafka.aio",
    "kafka.errors",
    "kafka.metrics",
    "kafka.metrics.stats",
    "kafka.oauth",
    "kafka.partitioner",
    "kafka.sasl",
    "kafka.serializer",
    "kafka.testing",
)
HIDDEN: Final = {"__version__", "for_code", "kafka_errors"}


class Page(HTMLParser):
    """The anchors and the links of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an anchor or a link."""
        for name, value in attrs:
            if value is not None and name == "id":
                self.anchors.add(value)
            if value is not None and tag == "a" and name == "href":
                self.links.add(value)


def missing_names(folder: Path) -> Iterator[str]:
    """Yield the names that the index does not have."""
    text = re.sub(r"<[^>]+>", "", (folder / "genindex.html").read_text(encoding="utf-8"))
    words = set(re.findall(r"\w+", text))
    public = {name for module in MODULES for name in import_module(module).__all__}
    options = {*AdminConfig.OPTIONS, *ConsumerConfig.OPTIONS, *ProducerConfig.OPTIONS}
    for name in sorted((public | options) - HIDDEN - words):
        yield f"genindex does not have {name}"


def dead_links(folder: Path) -> Iterator[str]:
    """Yield the links that lead nowhere."""
    files = sorted(folder.rglob("*.html"))
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in files}
    for path, page in pages.items():
        for link in sorted(page.links):
            if not _is_good(path, link, pages):
                yield f"{path.relative_to(folder)}: {link} leads nowhere"


def _is_good(path: Path, link: str, pages: dict[Path, Page]) -> bool:
    parts = urlsplit(link)
    if parts.scheme:
        return parts.scheme == "mailto" or bool(parts.netloc)
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if target not in pages:
        return target.is_file()
    return parts.fragment in pages[target].anchors | {"", "top"}


def main() -> int:
    """Check the site in the folder that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the site was built")
    folder: Path = parser.parse_args().folder.resolve()
    faults = [*missing_names(folder), *dead_links(folder)]
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
