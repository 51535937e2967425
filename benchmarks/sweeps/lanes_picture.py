"""Stacked columns as SVG, readable on light and dark pages."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 760, 340
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 72, 48
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2937 }
.title { font-size: 15px; font-weight: 600 }
.axis { stroke: #6b7280 } .line { stroke: #d1d5db } .mark { stroke: #1f2937; stroke-dasharray: 4 3 }
.sweep { fill: #2563eb } .metering { fill: #d97706 } .people { fill: #be185d }
@media (prefers-color-scheme: dark) {
  text { fill: #e5e7eb }
  .axis { stroke: #9ca3af } .line { stroke: #374151 } .mark { stroke: #e5e7eb }
  .sweep { fill: #60a5fa } .metering { fill: #fbbf24 } .people { fill: #f472b6 }
}
"""
_WORDS = {
    "sweep": "sweep: status checks",
    "metering": "metering: usage",
    "people": "people: codes and their scan",
}


@dataclass(frozen=True)
class Picture:
    """Requests of each lane per bucket of seconds, from the lowest lane up; `marks`: (second, what begins then)."""

    counts: Mapping[str, Sequence[int]]
    bucket: int
    limit: int
    marks: Sequence[tuple[float, str]]

    def draw(self) -> str:
        """The SVG document."""
        title = f"Requests of one account per {self.bucket} seconds, by lane"
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            'aria-labelledby="title description">',
            f'<title id="title">{escape(title)}</title>',
            f'<desc id="description">{escape(self.description())}</desc>',
            f"<style>{_STYLE}</style>",
            f'<text class="title" x="{LEFT}" y="22">{escape(title)}, limit {self.limit} a minute</text>',
            *self._legend(),
            *self._axes(),
            *self._columns(),
            *self._labels(),
        ]
        return "\n".join([*parts, "</svg>"]) + "\n"

    def description(self) -> str:
        """The picture in words."""
        edges = [0.0, *(second for second, _what in self.marks), self._seconds]
        names = ["at first", *(f"once {what}" for _second, what in self.marks)]
        spans = zip(names, edges, edges[1:], strict=False)
        return (
            "Share of each lane: " + "; ".join(f"{name} {self._shares(*span)}" for name, *span in spans) + "."
        )

    def _shares(self, since: float, until: float) -> str:
        first, last = int(since // self.bucket), int(until // self.bucket)
        sums = {lane: sum(values[first:last]) for lane, values in self.counts.items()}
        total = sum(sums.values()) or 1
        return ", ".join(f"{lane} {count / total:.0%}" for lane, count in sums.items())

    @property
    def _seconds(self) -> float:
        return float(len(self.counts["sweep"]) * self.bucket)

    @property
    def _most(self) -> float:
        full = self.limit * self.bucket / 60
        return max(full, *(sum(column) for column in zip(*self.counts.values(), strict=True))) * 1.08

    def _x(self, second: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * second / self._seconds

    def _y(self, count: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * count / self._most

    def _legend(self) -> Iterator[str]:
        x = LEFT
        for lane in self.counts:
            yield f'<rect class="{lane}" x="{x}" y="36" width="12" height="12"/>'
            yield f'<text x="{x + 18}" y="47">{_WORDS[lane]}</text>'
            x += 40 + 7 * len(_WORDS[lane])

    def _axes(self) -> Iterator[str]:
        for count in range(0, int(self._most) + 1, 10):
            y = self._y(count)
            kind = "line" if count else "axis"
            yield f'<line class="{kind}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{count}</text>'
        for second in range(0, int(self._seconds) + 1, 30):
            yield f'<text x="{self._x(second):.1f}" y="{HEIGHT - 26}" text-anchor="middle">{second}</text>'
        middle = (LEFT + WIDTH - RIGHT) / 2
        yield f'<text x="{middle:.0f}" y="{HEIGHT - 8}" text-anchor="middle">seconds</text>'
        across = (TOP + HEIGHT - BOTTOM) / 2
        yield f'<text transform="translate(16 {across:.0f}) rotate(-90)" text-anchor="middle">requests</text>'

    def _columns(self) -> Iterator[str]:
        width = self._x(self.bucket) - self._x(0) - 1.5
        for place, column in enumerate(zip(*self.counts.values(), strict=True)):
            below = 0
            for lane, count in zip(self.counts, column, strict=True):
                if count:
                    top, x = self._y(below + count), self._x(place * self.bucket)
                    height = self._y(below) - top
                    yield f'<rect class="{lane}" x="{x:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}"/>'
                below += count

    def _labels(self) -> Iterator[str]:
        for second, what in self.marks:
            x = self._x(second)
            yield f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6}" y2="{HEIGHT - BOTTOM}"/>'
            yield f'<text x="{x + 5:.1f}" y="{TOP + 2}">{escape(what)}</text>'
