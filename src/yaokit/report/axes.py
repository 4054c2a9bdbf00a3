"""Scales, ticks and frames of charts drawn as plain SVG."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from math import ceil, floor, isfinite, log10

RIGHT, TOP, BOTTOM = 14, 12, 44  # margins around the plot, px


@dataclass(frozen=True)
class Scale:
    """Values low…high onto pixels start…end."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)

    def ticks(self, about: int = 5) -> list[float]:
        """Round values inside the scale."""
        raw = (self.high - self.low) / about
        unit = 10 ** floor(log10(raw))
        step = unit * next(m for m in (1, 2, 2.5, 5, 10) if m * unit >= raw * 0.999)
        first, last = ceil(self.low / step - 1e-9), floor(self.high / step + 1e-9)
        return [i * step for i in range(first, last + 1)]


def finite(values: Iterable[float | None]) -> list[float]:
    """The values that are numbers."""
    return [float(v) for v in values if v is not None and isfinite(v)]


def extent(values: Iterable[float | None], margin: float = 0.05) -> tuple[float, float]:
    """Lowest and highest of the values with some air around; (0, 1) without values."""
    known = finite(values)
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    air = margin * (high - low) or 0.5
    return low - air, high + air


@dataclass
class Chart:
    """A framed plot to which shapes are added; `svg()` gives the whole."""

    x: tuple[float, float]
    y: tuple[float, float]
    title: str
    x_label: str = ""
    y_label: str = ""
    width: int = 420
    height: int = 300
    left: int = 60  # room for the labels of the y axis, px
    x_ticks: Sequence[tuple[float, str]] | None = None
    y_ticks: Sequence[tuple[float, str]] | None = None
    shapes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sx = Scale(*self.x, self.left, self.width - RIGHT)
        self.sy = Scale(*self.y, self.height - BOTTOM, TOP)

    def circle(self, x: float, y: float, look: str, tip: str = "", r: float = 3) -> None:
        shape = f'<circle class="{look}" cx="{self.sx(x)}" cy="{self.sy(y)}" r="{r}"'
        self.shapes.append(f"{shape}>{_tip(tip)}</circle>" if tip else f"{shape}/>")

    def line(self, points: Sequence[tuple[float, float]], look: str, tip: str = "") -> None:
        path = " ".join(f"{self.sx(x)},{self.sy(y)}" for x, y in points)
        self.shapes.append(f'<polyline class="{look}" points="{path}">{_tip(tip)}</polyline>')

    def box(self, x: tuple[float, float], y: tuple[float, float], look: str, tip: str = "") -> None:
        left, right = sorted(self.sx(v) for v in x)
        top, bottom = sorted(self.sy(v) for v in y)
        size = f'width="{max(right - left, 0):.1f}" height="{max(bottom - top, 0):.1f}"'
        self.shapes.append(f'<rect class="{look}" x="{left}" y="{top}" {size}>{_tip(tip)}</rect>')

    def text(self, x: float, y: float, text: str, anchor: str = "middle", dy: float = 0) -> None:
        at = f'x="{self.sx(x)}" y="{self.sy(y) + dy:.1f}" text-anchor="{anchor}"'
        self.shapes.append(f"<text {at}>{escape(text)}</text>")

    def label(self, x: float, y: float, text: str, look: str, anchor: str, dy: float = 0) -> None:
        """Text with a swatch of `look` beside it, as a key to curves."""
        at, sign = self.sx(x), 1 if anchor == "start" else -1
        top = self.sy(y) + dy
        swatch = f'd="M{at + sign * 6:.1f},{top - 4:.1f}h{sign * 16}"'
        words = f'x="{at + sign * 27:.1f}" y="{top:.1f}" text-anchor="{anchor}"'
        self.shapes.append(f'<path class="curve {look}" {swatch}/><text {words}>{escape(text)}</text>')

    def svg(self) -> str:
        """The chart with grid, ticks and labels."""
        least = f";min-width:{0.75 * self.width:.0f}px" if self.width > 600 else ""  # scrolls in its box
        size = f'viewBox="0 0 {self.width} {self.height}" style="max-width:{self.width}px{least}"'
        name = escape(self.title, quote=True)
        parts = [*self._x_axis(), *self._y_axis(), *self.shapes]
        return f'<svg class="chart" role="img" aria-label="{name}" {size}>{"".join(parts)}</svg>'

    def _x_axis(self) -> list[str]:
        bottom = self.height - BOTTOM
        ticks = self.x_ticks if self.x_ticks is not None else _labelled(self.sx.ticks())
        out = [f'<path class="axis" d="M{self.left},{bottom}H{self.width - RIGHT}"/>']
        for value, text in ticks:
            at = f'x="{self.sx(value)}" y="{bottom + 16}" text-anchor="middle"'
            out.append(f"<text {at}>{escape(text)}</text>")
        middle = (self.left + self.width - RIGHT) / 2
        at = f'class="label" x="{middle}" y="{self.height - 8}" text-anchor="middle"'
        return [*out, f"<text {at}>{escape(self.x_label)}</text>"]

    def _y_axis(self) -> list[str]:
        out = []
        ticks = self.y_ticks if self.y_ticks is not None else _labelled(self.sy.ticks())
        for value, text in ticks:
            y = self.sy(value)
            out.append(f'<path class="grid" d="M{self.left},{y}H{self.width - RIGHT}"/>')
            out.append(f'<text x="{self.left - 7}" y="{y + 3.5:.1f}" text-anchor="end">{escape(text)}</text>')
        middle = (TOP + self.height - BOTTOM) / 2
        at = f'class="label" transform="translate(13 {middle}) rotate(-90)" text-anchor="middle"'
        return [*out, f"<text {at}>{escape(self.y_label)}</text>"]


def _labelled(values: Sequence[float]) -> list[tuple[float, str]]:
    return [(v, f"{v:,.10g}" if 1e-3 <= abs(v) < 1e6 or not v else f"{v:.3g}") for v in values]


def _tip(text: str) -> str:
    return f"<title>{escape(text)}</title>" if text else ""
