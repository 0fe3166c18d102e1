"""The Grafana dashboard asks for metrics that exist, by labels that they have."""

import json
import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from landfall import observe
from landfall.observe.registry import REGISTRY

DASHBOARD = Path(__file__).resolve().parents[2] / "docs/grafana/landfall.json"
SERIES_OF = {
    "counter": ("_total",),
    "gauge": ("",),
    "histogram": ("_bucket", "_count", "_sum"),
}


def series() -> set[str]:
    """Every name that a query may use."""
    families = text_string_to_metric_families(observe.metrics().decode())
    return {each.name + end for each in families for end in SERIES_OF[each.type]}


def queries() -> list[tuple[str, str]]:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    return [(panel["title"], target["expr"]) for panel in panels for target in panel["targets"]]


def asked_for(query: str) -> set[str]:
    return set(re.findall(r"\blandfall_\w+", query))


@pytest.mark.parametrize(("title", "query"), queries(), ids=lambda text: text[:40])
def test_every_query_of_a_panel_names_metrics_that_exist(title: str, query: str):
    assert asked_for(query)
    assert asked_for(query) <= series()


@pytest.mark.parametrize(("title", "query"), queries(), ids=lambda text: text[:40])
def test_every_label_of_a_query_is_one_of_its_metric(title: str, query: str):
    labels = {
        series.removesuffix("_total"): set(metric._labelnames) | {"le"}
        for metric in REGISTRY._collector_to_names
        for series in [metric._name]
    }
    grouped = [name for found in re.findall(r"by \(([^)]*)\)", query) for name in found.split(",")]
    matched = re.findall(r"[{,]\s*(\w+)[=!]", query)
    for name in asked_for(query):
        known = labels[re.sub(r"_(total|bucket|count|sum)$", "", name)]
        assert {each.strip() for each in [*grouped, *matched]} <= known


def test_a_metric_that_does_not_exist_is_seen():
    assert not asked_for("rate(landfall_orders_lost_total[5m])") <= series()


def test_panels_stand_beside_one_another():
    panels = json.loads(DASHBOARD.read_text())["panels"]
    places = {(each["gridPos"]["x"], each["gridPos"]["y"]) for each in panels}
    assert len(places) == len(panels) == len({each["id"] for each in panels})
