"""Metrics of several processes as those of one.

Counters and histograms add up. A gauge without labels counts what a process holds, and adds up as
well; one with labels says how something outside is seen, and of those the last process's view is
taken.
"""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

_Labels = tuple[tuple[str, str], ...]


def together(texts: Iterable[bytes]) -> bytes:
    """Metrics in Prometheus's text format, from those of each process in the same.

    Raises:
        ValueError: one of them is not in that format.
    """
    families: dict[str, Metric] = {}
    for text in texts:
        for family in text_string_to_metric_families(text.decode()):
            known = families.setdefault(
                family.name, Metric(family.name, family.documentation, family.type)
            )
            known.samples = list(_joined(family.type, known.samples, family.samples))
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Found(families.values()))
    return generate_latest(registry)


class _Found(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        """What was found."""
        return self._families


def _joined(kind: str, ours: Iterable[Sample], others: Iterable[Sample]) -> Iterator[Sample]:
    joined = {_key(sample): sample for sample in ours}
    for sample in others:
        known = joined.get(_key(sample))
        adds_up = kind != "gauge" or not sample.labels
        if known is not None and adds_up:
            sample = sample._replace(value=known.value + sample.value)
        joined[_key(sample)] = sample
    yield from joined.values()


def _key(sample: Sample) -> tuple[str, _Labels]:
    return sample.name, tuple(sorted(sample.labels.items()))
