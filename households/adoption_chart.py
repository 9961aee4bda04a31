"""Draws adoption as a bar chart in SVG: one bar per area, as long as its share of member households."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from households.adoption import Adoption
from households.adoption_texts import AdoptionTexts

_WIDTH = 760
_LABEL = 250
_FIGURES = 190
_ROW = 26
_TOP = 56
_LINE = 15
_LONGEST_NAME = 34
_LONGEST_LINE = 118


@dataclass(frozen=True, slots=True)
class AdoptionBar:
    """One area of the chart."""

    name: str
    adoption: Adoption | None
    """None is withheld."""
    whole: bool = False
    """The municipality, drawn apart from its buurten."""


def draw_adoption(
    title: str,
    notes: Sequence[str],
    bars: Sequence[AdoptionBar],
    texts: AdoptionTexts,
    format_count: Callable[[int], str] = "{:,}".format,
) -> str:
    """Return the chart as an SVG document.

    Bars share one scale that starts at zero; an area without a count, or whose members are withheld, says so and has
    no bar. Every figure is text too, so that the chart reads without its bars.

    Parameters
    ----------
    title
        What is shown.
    notes
        Lines below the bars: where the figures come from, and of when; what is withheld. Long ones are broken.
    bars
        The areas, in the order in which they are drawn.
    texts
        The words of a language.
    format_count
        How the language writes a whole number.

    Examples
    --------
    >>> from households.adoption_texts import TEXTS
    >>> svg = draw_adoption("Adoption", ["demo-2026"], [AdoptionBar("Waterloo", Adoption(26, 100))], TEXTS["en"])
    >>> "<title>Waterloo: 26 % (26 of 100)</title>" in svg
    True
    """
    shares = [bar.adoption.share for bar in bars if bar.adoption is not None]
    longest = max((float(share) for share in shares if share is not None), default=0.0)
    room = _WIDTH - _LABEL - _FIGURES
    rows = []
    for position, bar in enumerate(bars):
        y = _TOP + _ROW * position
        share = None if bar.adoption is None else bar.adoption.share
        length = 0.0 if share is None or longest == 0 else room * float(share) / longest
        figures = _figures(bar.adoption, texts, format_count)
        weight, colour = (' font-weight="bold"', "#0b3d33") if bar.whole else ("", "#1f6f5c")
        muted = ' fill="#555555"' if share is None else ""
        rows.append(
            f"<g{weight}><title>{escape(f'{bar.name}: {figures}')}</title>"
            f'<text x="{_LABEL - 10}" y="{y + 17}" text-anchor="end">{escape(_shortened(bar.name))}</text>'
            f'<rect x="{_LABEL}" y="{y + 4}" width="{length:.1f}" height="{_ROW - 8}" fill="{colour}"/>'
            f'<text x="{_LABEL + length + 6:.1f}" y="{y + 17}"{muted}>{escape(figures)}</text></g>'
        )
    foot = _TOP + _ROW * len(bars) + 22
    lines = [line for note in notes for line in _broken(note)]
    height = foot + _LINE * len(lines) + 4
    written = "".join(
        f'<text x="16" y="{foot + _LINE * number}" font-size="11" fill="#555555">{escape(line)}</text>'
        for number, line in enumerate(lines)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'font-family="sans-serif" font-size="13" fill="#1a1a1a">'
        f"<title>{escape(title)}</title>"
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>'
        f'<text x="16" y="28" font-size="17" font-weight="bold">{escape(title)}</text>' + "".join(rows) + written
    ) + "</svg>\n"


def _figures(adoption: Adoption | None, texts: AdoptionTexts, format_count: Callable[[int], str]) -> str:
    if adoption is None:
        return texts.withheld
    members = format_count(adoption.members)
    if adoption.households is None or adoption.percent is None:
        return texts.no_count.format(members=members)
    return texts.share.format(percent=adoption.percent, members=members, households=format_count(adoption.households))


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _broken(text: str) -> list[str]:
    """Break a line at spaces, and a word that is longer than a line where the line ends."""
    lines = [""]
    for word in text.split():
        rest = word
        if lines[-1] and len(lines[-1]) + 1 + len(rest) <= _LONGEST_LINE:
            lines[-1] += f" {rest}"
            continue
        if lines[-1]:
            lines.append("")
        while len(rest) > _LONGEST_LINE:
            lines[-1], rest = rest[:_LONGEST_LINE], rest[_LONGEST_LINE:]
            lines.append("")
        lines[-1] = rest
    return lines
