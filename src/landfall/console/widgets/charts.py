"""Charts: lines over time and bars, in the page's palette. Of lines only the points are sent."""

from collections.abc import Sequence
from typing import Any

from nicegui import ui

from landfall.console.theme import Palette

Point = tuple[float, float]
"""Milliseconds since the epoch, and a value."""


class TimeChart:
    """Lines over time, one for each name."""

    def __init__(self, palette: Palette, lines: Sequence[tuple[str, str]], unit: str) -> None:
        self._lines = lines
        self._unit = unit
        self._chart = ui.echart(self._options(palette), renderer="svg").classes("chart")

    def show(self, lines: Sequence[Sequence[Point]], span_ms: tuple[int, int]) -> None:
        """Bring each line to these points, in the order in which they were named, over a span."""
        begin, end = span_ms
        self._chart.run_chart_method(
            "setOption",
            {"series": [{"data": line} for line in lines], "xAxis": {"min": begin, "max": end}},
        )

    def set_visible(self, is_visible: bool) -> None:
        """Show it only when there is something on it."""
        self._chart.set_visibility(is_visible)

    def recolour(self, palette: Palette) -> None:
        """Draw it in another palette; its points stay."""
        self._chart.options.update(self._options(palette))
        self._chart.update()

    def _options(self, palette: Palette) -> dict[str, Any]:
        return {
            "animation": False,
            "grid": {"left": 44, "right": 12, "top": 30, "bottom": 24},
            "legend": {
                "top": 0, "right": 8, "icon": "roundRect", "itemWidth": 10, "itemHeight": 4,
                "textStyle": {"color": palette["muted"], "fontSize": 11},
            },
            "tooltip": _tooltip(palette),
            "xAxis": {
                "type": "time", "axisLine": {"lineStyle": {"color": palette["line-strong"]}},
                "axisLabel": {"color": palette["muted"], "fontSize": 11, "hideOverlap": True},
                "splitLine": {"show": False},
            },
            "yAxis": {
                "type": "value", "name": self._unit, "scale": False,
                "nameTextStyle": {"color": palette["muted"], "fontSize": 11, "align": "right"},
                "axisLabel": {"color": palette["muted"], "fontSize": 11},
                "splitLine": {"lineStyle": {"color": palette["line"]}},
            },
            "series": [
                {
                    "name": name, "type": "line", "showSymbol": False, "color": palette[colour],
                    "lineStyle": {"width": 2}, "areaStyle": {"opacity": 0.08},
                }
                for name, colour in self._lines
            ],
        }  # fmt: skip


class BarChart:
    """Horizontal bars, the longest above."""

    def __init__(self, palette: Palette, unit: str) -> None:
        self._unit = unit
        self._chart = ui.echart(self._options(palette), renderer="svg").classes("chart")

    def show(self, bars: Sequence[tuple[str, float, str]], palette: Palette) -> None:
        """Bars by name, length and colour, the longest first."""
        # As options, which a chart that is not drawn yet finds when it is: they seldom change.
        options = self._options(palette)
        options["yAxis"]["data"] = [name for name, _, _ in reversed(bars)]
        options["series"][0]["data"] = [
            {"value": value, "itemStyle": {"color": colour}} for _, value, colour in reversed(bars)
        ]
        self._chart.options.update(options)
        self._chart.update()

    def set_visible(self, is_visible: bool) -> None:
        """Show it only when there is something on it."""
        self._chart.set_visibility(is_visible)

    def _options(self, palette: Palette) -> dict[str, Any]:
        return {
            "animation": False,
            "grid": {"left": 118, "right": 52, "top": 6, "bottom": 8},
            "tooltip": {"show": False},
            "xAxis": {"type": "value", "show": False, "max": "dataMax"},
            "yAxis": {
                "type": "category", "data": [], "axisTick": {"show": False},
                "axisLine": {"show": False},
                "axisLabel": {"color": palette["text"], "fontSize": 12},
            },
            "series": [
                {
                    "type": "bar", "data": [], "barMaxWidth": 14,
                    "itemStyle": {"borderRadius": 4},
                    "label": {
                        "show": True, "position": "right", "color": palette["text"],
                        "formatter": "{c} " + self._unit, "fontSize": 11,
                    },
                }
            ],
        }  # fmt: skip


def _tooltip(palette: Palette) -> dict[str, Any]:
    """Drawn as text on the chart and not as HTML."""
    return {
        "trigger": "axis", "renderMode": "richText", "backgroundColor": palette["raised"],
        "borderColor": palette["line-strong"],
        "textStyle": {"color": palette["text"], "fontSize": 12},
        "axisPointer": {"lineStyle": {"color": palette["line-strong"]}},
    }  # fmt: skip
