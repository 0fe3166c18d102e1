"""The official TypeScript SDKs are asked the same; where they cannot be, the bench goes on."""

from pathlib import Path

import pytest

from landfall.bench import quotes as bench
from landfall.bench.official_sdks import Answer, NotThere
from landfall.bench.scale import TINY


@pytest.mark.timeout(300)
def test_they_say_the_same_amounts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("HOME", str(tmp_path))
    beside = [figure for figure in bench.quotes(TINY) if figure.beside is not None]
    assert [figure.what for figure in beside] == ["raydium_cpmm: quote", "meteora_damm_v2: quote"]
    assert {figure.note for figure in beside} == {"the same amount"}


def test_another_amount_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bench, "answers", lambda asked: dict.fromkeys(asked, Answer(1, 5.0)))
    notes = [figure.note for figure in bench.quotes(TINY) if figure.beside is not None]
    assert all(note.startswith("the SDK says 1, not") for note in notes)


def test_without_them_the_bench_goes_on(monkeypatch: pytest.MonkeyPatch):
    def missing(asked: object) -> dict[str, Answer]:
        raise NotThere("neither Node nor npm is there")

    monkeypatch.setattr(bench, "answers", missing)
    figures = list(bench.quotes(TINY))
    assert all(figure.beside is None for figure in figures)
    assert "neither Node nor npm is there" in figures[0].note
