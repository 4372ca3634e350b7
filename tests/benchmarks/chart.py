"""Draws how costs grow with the practice: one bar for each kind of work, size against size, as SVG."""

from collections.abc import Sequence
from html import escape

from tests.benchmarks.report import Ratio

WIDTH, LINE, LABEL, SCALE = 760, 26, 330, 130
"""Pixels: of the picture, of one bar's line, of the words, and for one time the cost of the smaller practice."""
COLOURS = {"sqlcipher": "#0f766e", "postgresql": "#475569"}


def growth(ratios: Sequence[Ratio]) -> str:
    """Return the picture; empty when only one size was measured."""
    bars = [ratio for ratio in ratios if ratio.goal == "P7" and "p50" in ratio.what]
    if not bars:
        return ""
    height = LINE * (len(bars) + 2) + 10
    goal = LABEL + SCALE * bars[0].limit
    size = f'width="{WIDTH}" height="{height}"'
    title = f"p50 of the larger practice / p50 of the smaller one (1.0: the same cost; wanted ≤ {bars[0].limit:g})"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="13">',
        f'<rect {size} fill="#ffffff"/>',
        f'<text x="10" y="18" font-weight="bold">{title}</text>',
        *(line for place, bar in enumerate(bars, 1) for line in _bar(bar, place * LINE + 10)),
        *(
            f'<line x1="{place:.0f}" x2="{place:.0f}" y1="30" y2="{height - LINE}" stroke="{colour}"/>'
            for place, colour in ((LABEL + SCALE, "#94a3b8"), (goal, "#b91c1c"))
        ),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _bar(ratio: Ratio, top: int) -> list[str]:
    width = min(SCALE * ratio.median, WIDTH - LABEL - 60)
    words = escape(f"{ratio.database}: {ratio.what.partition(':')[0]}, size {ratio.size:g}")
    return [
        f'<text x="10" y="{top + 17}">{words}</text>',
        f'<rect x="{LABEL}" y="{top + 4}" width="{width:.0f}" height="{LINE - 8}" fill="{COLOURS[ratio.database]}"/>',
        f'<text x="{LABEL + width + 6:.0f}" y="{top + 17}">{ratio.median:.2f}</text>',
    ]
