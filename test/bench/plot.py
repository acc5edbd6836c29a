"""Draw results beside their targets as one SVG, and write the table of the documentation.

    python -m test.bench.plot results.json [more.json ...] docs/_static/performance.svg
        [--table docs/performance_table.rst] [--json docs/_static/performance.json]

Of a row that is in several files the last one's is taken. The same results make the same bytes.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from test.bench.results import OURS, Result, read, shown, write
from test.bench.rows import ROWS
from test.bench.table import NOT_ALWAYS, heads_of, merge, table

INK, FAINT, PAPER = "#1f2328", "#9aa0a6", "#fefefe"
GOOD, BAD = "#0072b2", "#d55e00"
#: The picture brings its own paper, so that it can be read on a page of any colour.
DARK = {INK: "#e6edf3", FAINT: "#7d8590", PAPER: "#16191d", GOOD: "#56b4e9", BAD: "#f0a04b"}
SETTINGS: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "kafka",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}
_INCHES_A_POINT = 0.24
_EXPLANATION = (
    "times as good as the peer, or as the limit; the bar is the target, an open mark has missed it"
)


def in_order(results: list[Result]) -> list[Result]:
    """Return *results* as the rows stand in their table, what is not from there behind."""
    places = {name: place for place, name in enumerate(ROWS)}
    return sorted(results, key=lambda result: places.get(result.row, len(places)))


class Point(NamedTuple):
    """One line of the plot.

    Attributes:
        label: on its left.
        measured: how many times as good as the peer; also where less is better in the results.
        target: the same.
        holds: whether it does.
        note: on its right.
    """

    label: str
    measured: float
    target: float
    holds: bool
    note: str


def points(results: list[Result]) -> list[Point]:
    """Return what has a target on a real broker, in the order of the results."""
    found: list[Point] = []
    before = None
    for result in results:
        if result.target and result.broker == "kafka" and result.ratio != 0:
            found.append(_point(result, is_first=result.row != before))
            before = result.row
    return found


def _point(result: Result, *, is_first: bool) -> Point:
    target = result.target or 1.0
    if result.ratio is None:
        note = f"{shown(result.value, result.metric)}, below {target:g}"
        measured, aim = target / max(result.value, target / 100), 1.0
    elif result.more_is_better:
        note = f"{result.ratio:.2f}x, at least {target:g}"
        measured, aim = result.ratio, target
    else:
        note = f"{result.ratio:.2f}x, at most {target:g}"
        measured, aim = 1 / result.ratio, 1 / target
    if result.holds and result.straddles:
        note += NOT_ALWAYS
    beside = "limit" if result.client == OURS else result.client
    label = f"{result.what} | {beside}" if is_first else beside
    return Point(label, measured, aim, bool(result.holds), note)


def draw(found: list[Point]) -> str:
    """Return the SVG."""
    with mpl.rc_context(SETTINGS):  # type: ignore[arg-type] # it wants each name as a literal
        figure = Figure(figsize=(10, 1.3 + _INCHES_A_POINT * len(found)), layout="constrained")
        figure.set_facecolor(PAPER)
        axes = figure.add_subplot(facecolor=PAPER)
        _plot(axes, found)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
    return with_dark_colours(text.getvalue())


def _plot(axes: Any, found: list[Point]) -> None:
    places = range(len(found))
    axes.axvline(1, color=FAINT, linewidth=0.8, linestyle=":")
    for place, point in zip(places, found, strict=True):
        colour = GOOD if point.holds else BAD
        axes.plot([point.target, point.measured], [place, place], color=colour, linewidth=1.6)
        axes.plot(point.target, place, marker="|", markersize=11, color=INK, markeredgewidth=2)
        axes.plot(
            point.measured,
            place,
            marker="o" if point.holds else "D",
            markersize=6,
            markeredgecolor=colour,
            markerfacecolor=colour if point.holds else PAPER,
        )
        axes.annotate(
            point.note,
            (1.01, place),
            xycoords=("axes fraction", "data"),
            va="center",
            color=INK if point.holds else BAD,
        )
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(_EXPLANATION)
    axes.set_yticks(places, [point.label for point in found])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(found) - 0.4, -0.6)
    axes.grid(axis="x", color=FAINT, alpha=0.3, linewidth=0.6)
    axes.spines[["top", "right", "left"]].set_visible(False)


def with_dark_colours(svg: str) -> str:
    """Return *svg* with other colours for readers who prefer dark pages."""
    rules = "".join(
        f'[style*="{what}: {light}"]{{{what}:{dark} !important}}'
        for light, dark in DARK.items()
        for what in ("fill", "stroke")
    )
    style = f"<style>@media (prefers-color-scheme: dark){{{rules}}}</style>"
    head, end, rest = svg.partition("<defs>")
    return f"{head}{style}\n {end}{rest}"


def main() -> None:
    """Draw what the command line names."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", type=Path, nargs="+")
    parser.add_argument("svg", type=Path)
    parser.add_argument("--table", type=Path, help="write the tables to this file")
    parser.add_argument("--json", type=Path, help="write all results to this one file")
    options = parser.parse_args()
    files = [read(path) for path in options.results]
    heads = heads_of(files)
    results = in_order(merge([results for _, results in files]))
    found = points(results)
    if not found:
        parser.error("none of the results has a target on Apache Kafka: there is nothing to draw")
    options.svg.parent.mkdir(parents=True, exist_ok=True)
    options.svg.write_text(draw(found))
    if options.table is not None:
        options.table.write_text(table(heads, results))
    if options.json is not None:
        write(options.json, {"parts": heads}, results)


if __name__ == "__main__":
    main()
