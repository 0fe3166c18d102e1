"""Run benches by name, and show what they measured: a table for people, JSON for programs."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from landfall.bench.accept import accepting
from landfall.bench.figures import Figure
from landfall.bench.history import history
from landfall.bench.load import LoadTest, load
from landfall.bench.log import log
from landfall.bench.machine import Machine, this_machine
from landfall.bench.quote import quote_over_http
from landfall.bench.quotes import quotes
from landfall.bench.route import route
from landfall.bench.scale import Scale
from landfall.bench.stack import stack
from landfall.bench.stream import stream
from landfall.bench.wire import wire
from landfall.core.errors import LandfallError

Bench = Callable[[Scale], Iterator[Figure]]

BENCHES: Mapping[str, Bench] = MappingProxyType(
    {
        "quotes": quotes,
        "route": route,
        "quote": quote_over_http,
        "accept": accepting,
        "log": log,
        "wire": wire,
        "stream": stream,
        "stack": stack,
        "history": history,
    }
)
"""Every budget of the engine. `load` is not among them: it measures an engine that runs already."""


class UnknownBench(LandfallError):
    """There is no bench of this name; the sentence names those there are."""


def measure(names: Sequence[str], scale: Scale, console: Console) -> dict[str, list[Figure]]:
    """Run these benches, or all, one after another.

    Raises:
        UnknownBench: before any is run.
    """
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        raise UnknownBench(f"{unknown[0]} is none of {', '.join(BENCHES)}, load.")
    measured: dict[str, list[Figure]] = {}
    for name in names or BENCHES:
        measured[name] = []
        with console.status(f"{name} …") as status:
            for figure in BENCHES[name](scale):
                measured[name].append(figure)
                status.update(f"{name}: {figure.what}")
        console.print(table(name, measured[name]))
    return measured


def measure_load(test: LoadTest, console: Console) -> list[Figure]:
    """Run a load test, telling how far it is."""
    with console.status("load …") as status:

        def progress(done: int, expected: int) -> None:
            status.update(f"load: {done} of {expected} answered")

        figures = list(load(test, progress))
    console.print(table("load", figures))
    return figures


def table(name: str, figures: Iterable[Figure]) -> Table:
    """What was measured, against its goal and beside what it was compared with."""
    shown = Table(title=name, title_justify="left")
    for title in ("what", "measured", "goal", "", "beside", "samples"):
        shown.add_column(title, justify="right" if title in ("measured", "samples") else "left")
    for figure in figures:
        what = f"{figure.what} ({figure.note})" if figure.note else figure.what
        style = {"pass": "green", "short": "red"}.get(figure.verdict, "")
        shown.add_row(
            what,
            f"{_number(figure.value)} {figure.unit}",
            _goal(figure),
            f"[{style}]{figure.verdict}[/]" if style else "",
            _beside(figure),
            str(figure.samples),
        )
    return shown


def write_json(path: Path, measured: Mapping[str, Sequence[Figure]], machine: Machine) -> None:
    """The same for programs, with what it was measured on."""
    report = {
        "machine": asdict(machine),
        "figures": {name: [_plain(each) for each in found] for name, found in measured.items()},
    }
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")


def _plain(figure: Figure) -> dict[str, Any]:
    return asdict(figure) | {"verdict": figure.verdict, "ratio": figure.ratio}


def _goal(figure: Figure) -> str:
    if figure.goal is None:
        return ""
    return f"{'≥' if figure.goal.at_least else '≤'} {_number(figure.goal.limit)}"


def _beside(figure: Figure) -> str:
    if figure.beside is None or figure.ratio is None:
        return ""
    return f"{figure.ratio:.2f} × {figure.beside.what}, {_number(figure.beside.value)}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


__all__ = ["BENCHES", "measure", "measure_load", "this_machine", "write_json"]
