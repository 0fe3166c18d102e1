"""Where the time of an order goes: each stage with its median, its 95th percentile, and a bar."""

from landfall.console import figures
from landfall.console.markup import box, text
from landfall.console.tape import STAGES, WHOLE, Tape, percentile

COLUMNS = "minmax(0, 1.3fr) minmax(60px, 1fr) auto auto"


class StageTable:
    """One line for each stage, changed in place."""

    def __init__(self) -> None:
        self._lines = {}
        with box("table").style(f"grid-template-columns: {COLUMNS}"):
            for head in ("Stage", "", "median", "95 %"):
                text(head, "th right" if head in ("median", "95 %") else "th")
            for stage in (*STAGES.values(), WHOLE):
                text(stage, "strong" if stage == WHOLE else "")
                with box(""), box("meter"):
                    bar = box("")
                self._lines[stage] = (bar, text("–", "mono right"), text("–", "mono right"))

    def show(self, tape: Tape) -> None:
        """The latencies of the orders that the tape holds."""
        sorted_samples = {stage: sorted(samples) for stage, samples in tape.stages.items()}
        longest = percentile(sorted_samples[WHOLE], 0.5) or 0.0
        for stage, (bar, median, high) in self._lines.items():
            middle = percentile(sorted_samples[stage], 0.5)
            width = 0 if middle is None or not longest else min(100, 100 * middle / longest)
            bar.style(replace=f"width: {width:.0f}%")
            median.set_text(figures.duration(middle))
            high.set_text(figures.duration(percentile(sorted_samples[stage], 0.95)))
