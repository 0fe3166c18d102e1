"""The pages that follow from the code are what the code says now."""

import re
from pathlib import Path

import pytest

from landfall.core.execution import Status
from scripts.generate_docs import DOCS, STATUS_MEANS, pages

ROOT = DOCS.parent
WRITTEN = sorted(
    page for page in (*DOCS.rglob("*.md"), *ROOT.glob("*.md")) if ".venv" not in page.parts
)


@pytest.mark.parametrize("path", pages())
def test_a_generated_page_is_up_to_date(path):
    assert (DOCS / path).read_text() == pages()[path], "run: make docs"


def test_every_status_and_every_reason_is_explained():
    assert STATUS_MEANS.keys() == set(Status)
    assert "| |  |" not in pages()["reference/errors.md"]
    rows = re.findall(r"^\| `\w+` \| (.*?) \|", pages()["reference/errors.md"], re.MULTILINE)
    assert len(rows) > 20
    assert all(rows)


@pytest.mark.parametrize("page", WRITTEN, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path):
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", text)
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert missing == []
