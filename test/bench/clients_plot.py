"""Draw what each client reaches in the four things that people do most, as one small SVG.

    python -m test.bench.clients_plot docs/_static/performance.json docs/_static/clients.svg

It is made of the same results as the large picture; a way of a peer that is faster than what is
compared has a bar of its own, so that nobody has to look for it.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import Any, Final, NamedTuple

import matplotlib as mpl
from matplotlib.figure import Figure

from test.bench.plot import FAINT, GOOD, INK, PAPER, SETTINGS, with_dark_colours
from test.bench.results import OURS, Result, read

_PEER = "#7a8794"


class Bar(NamedTuple):
    """One bar: the name of its client, and where its figure is.

    Attributes:
        label: on its left.
        row: the row of the bench.
        client: the client in it.
    """

    label: str
    row: str
    client: str


#: What is drawn, from top to bottom in four panels.
PANELS: Final = {
    "send()": (
        Bar("this client", "send", OURS),
        Bar("confluent-kafka, callbacks", "send", "confluent-callback"),
        Bar("confluent-kafka, no callbacks", "send", "confluent"),
        Bar("aiokafka", "send", "aiokafka"),
        Bar("kafka-python 3", "send", "kafka-python"),
    ),
    "poll()": (
        Bar("this client", "poll", OURS),
        Bar("confluent-kafka, poll()", "poll", "confluent"),
        Bar("confluent-kafka, consume(500)", "poll", "confluent-consume500"),
        Bar("aiokafka, getmany()", "getmany", "aiokafka"),
        Bar("kafka-python 3", "poll", "kafka-python"),
    ),
    "for record in consumer": (
        Bar("this client", "iterator", OURS),
        Bar("confluent-kafka, poll()", "iterator", "confluent"),
        Bar("aiokafka, async for", "iterator", "aiokafka"),
        Bar("kafka-python 3", "iterator", "kafka-python"),
    ),
    "await send()": (
        Bar("this client", "async-send", OURS),
        Bar("aiokafka", "async-send", "aiokafka"),
    ),
}
_INCHES_A_BAR: Final = 0.21


def draw_clients(results: list[Result]) -> str:
    """Return the SVG.

    Raises:
        KeyError: a figure is not among *results*.
    """
    values = {
        (result.row, result.client): result.value for result in results if result.broker == "kafka"
    }
    heights = [len(bars) for bars in PANELS.values()]
    with mpl.rc_context(SETTINGS):  # type: ignore[arg-type] # it wants each name as a literal
        size = (8, 0.8 + 0.35 * len(heights) + _INCHES_A_BAR * sum(heights))
        figure = Figure(figsize=size, layout="constrained")
        figure.set_facecolor(PAPER)
        panels = figure.subplots(len(PANELS), 1, sharex=True, height_ratios=heights)
        for axes, (title, bars) in zip(panels, PANELS.items(), strict=True):
            _panel(axes, title, bars, [values[bar.row, bar.client] for bar in bars])
        panels[-1].set_xlabel("records of 100 bytes a second, one broker on the same two cores")
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
    return with_dark_colours(text.getvalue())


def _panel(axes: Any, title: str, bars: tuple[Bar, ...], values: list[float]) -> None:
    places = range(len(bars))
    colours = [GOOD if bar.client == OURS else _PEER for bar in bars]
    axes.barh(places, values, color=colours, height=0.72)
    for place, value in zip(places, values, strict=True):
        axes.annotate(
            f"{value:,.0f}",
            (value, place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            color=INK,
        )
    axes.set_title(title, loc="left", fontsize=10, color=INK)
    axes.set_facecolor(PAPER)
    axes.set_yticks(places, [bar.label for bar in bars])
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", length=0, labelbottom=False)
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.margins(x=0.1)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.spines["left"].set_color(FAINT)


def main() -> None:
    """Draw what the command line names."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", type=Path)
    parser.add_argument("svg", type=Path)
    options = parser.parse_args()
    _, results = read(options.results)
    options.svg.write_text(draw_clients(results))


if __name__ == "__main__":
    main()
