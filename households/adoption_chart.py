"""Draws adoption as a bar chart in SVG: one bar per area, as long as its share of member households."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from households.adoption import Adoption

_WIDTH = 720
_LABEL = 230
_FIGURES = 170
_ROW = 26
_TOP = 56


@dataclass(frozen=True, slots=True)
class AdoptionBar:
    """One area of the chart."""

    name: str
    adoption: Adoption


def draw_adoption(title: str, source: str, bars: Sequence[AdoptionBar]) -> str:
    """Return the chart as an SVG document.

    Bars share one scale that starts at zero; an area without a count says so and has no bar. Every figure is text too,
    so that the chart reads without its bars.

    Parameters
    ----------
    title
        What is shown.
    source
        The releases and the day that the figures come from.
    bars
        The areas, in the order in which they are drawn.

    Examples
    --------
    >>> svg = draw_adoption("Adoption", "demo-2026", [AdoptionBar("Waterloo", Adoption(26, 100))])
    >>> "Waterloo: 26 of 100 households, 26 %" in svg
    True
    """
    height = _TOP + _ROW * len(bars) + 30
    longest = max((float(bar.adoption.share) for bar in bars if bar.adoption.share is not None), default=0.0)
    room = _WIDTH - _LABEL - _FIGURES
    rows = []
    for position, bar in enumerate(bars):
        y = _TOP + _ROW * position
        share, percent = bar.adoption.share, bar.adoption.percent
        length = 0.0 if share is None or longest == 0 else room * float(share) / longest
        if share is None:
            figures = f"{bar.adoption.members:,}; no count of households"
            spoken = f"{bar.name}: {bar.adoption.members:,} members, no count of households"
        else:
            figures = f"{percent} % ({bar.adoption.members:,} of {bar.adoption.households:,})"
            spoken = f"{bar.name}: {bar.adoption.members:,} of {bar.adoption.households:,} households, {percent} %"
        rows.append(
            f"<g><title>{escape(spoken)}</title>"
            f'<text x="{_LABEL - 10}" y="{y + 17}" text-anchor="end">{escape(_shortened(bar.name))}</text>'
            f'<rect x="{_LABEL}" y="{y + 4}" width="{length:.1f}" height="{_ROW - 8}" fill="#1f6f5c"/>'
            f'<text x="{_LABEL + length + 6:.1f}" y="{y + 17}">{escape(figures)}</text></g>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'font-family="sans-serif" font-size="13" fill="#1a1a1a">'
        f"<title>{escape(title)}</title>"
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>'
        f'<text x="16" y="28" font-size="17" font-weight="bold">{escape(title)}</text>'
        + "".join(rows)
        + f'<text x="16" y="{height - 10}" font-size="11" fill="#555555">{escape(source)}</text></svg>\n'
    )


def _shortened(name: str) -> str:
    return name if len(name) <= 32 else f"{name[:31]}…"
