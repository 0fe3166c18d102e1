"""Every recorded swap of every set, and the suite's own honesty: what differs must be counted."""

import gzip
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.recordings import RecordedSet, find_sets
from tests.conformance.suite import check_set

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "tests" / "vectors"
SETS = find_sets(VECTORS)
SAMPLE_CASES = 400


@pytest.mark.parametrize("recorded", SETS, ids=lambda recorded: recorded.name)
def test_every_swap_is_quoted_built_and_played_as_the_program_did_it(recorded: RecordedSet):
    tally = check_set(recorded)
    assert tally.cases > 1_500
    assert set(tally.skipped_for) <= {
        "the pool is opened in the same transaction, which may lower its fee",
    }
    assert tally.skipped < tally.cases * 5 // 100
    assert tally.mismatches == []


def test_every_venue_is_covered():
    assert {recorded.name for recorded in SETS} == {
        "cp-amm",
        "damm-v1",
        "dlmm",
        "dbc",
        "cpmm_2024",
        "cpmm_2025_12_src",
        "ammv4_2024",
        "ammv4_2026_07_src",
        "clmm_2026_04",
        "clmm_2026_07_src",
    }


def _sampled(folder: Path, name: str, change: Callable[[Any], None]) -> RecordedSet:
    """The first cases of a set with one landed case changed, written to `folder`."""
    source = next(recorded for recorded in SETS if recorded.name == name)
    shutil.copy(source.folder / f"{name}.states.jsonl.gz", folder)
    lines = [line for line, _ in zip(source.lines(), range(SAMPLE_CASES), strict=False)]
    change(next(line for line in lines if _lands_today(line)))
    with gzip.open(folder / f"{name}.cases.jsonl.gz", "wt") as out:
        out.writelines(json.dumps(line) + "\n" for line in lines)
    return RecordedSet(name, folder)


def _lands_today(line: Any) -> bool:
    return bool(line["result"]["ok"] and line.get("head", {}).get("same", True))


def _one_unit_more(line: Any) -> None:
    for result in (line["result"], line.get("head", {})):
        result["amount_out"] = result.get("amount_out", 0) + 1


def _refused(line: Any) -> None:
    line["result"] = {"ok": False, "err": {"name": "NotApproved"}, "error_name": "PoolDisabled"}
    line.pop("head", None)
    line.pop("post", None)


def _another_account(line: Any) -> None:
    instruction = line["ix"]
    if "keys" in instruction:
        instruction["keys"][6], instruction["keys"][7] = (
            instruction["keys"][7],
            instruction["keys"][6],
        )
    else:
        instruction["accounts"][0]["writable"] = True


def _state_before(line: Any) -> None:
    before = line.get("pre") or line["accounts"]
    *_, vault = (key for key in line["post"] if line["post"][key] != before[key])
    line["post"][vault] = before[vault]


@pytest.mark.parametrize("name", ["cp-amm", "cpmm_2024", "ammv4_2024"])
@pytest.mark.parametrize(
    ("change", "counted"),
    [
        (_one_unit_more, "amount_mismatch"),
        (_refused, "refusal_mismatch"),
        (_another_account, "instruction_mismatch"),
        (_state_before, "post_state_mismatch"),
    ],
)
def test_a_recording_that_differs_is_counted(
    tmp_path: Path, name: str, change: Callable[[Any], None], counted: str
):
    assert f"{counted}=1" in check_set(_sampled(tmp_path, name, change)).line()


def test_a_refusal_recorded_by_number_alone_is_known_by_its_name(tmp_path: Path):
    def number_alone(line: Any) -> None:
        line["result"] = {"ok": False, "err": {"custom": 6000}}
        line.pop("head")
        line.pop("post")
        line.pop("user")

    tally = check_set(_sampled(tmp_path, "cpmm_2024", number_alone))
    assert {mismatch.kind.value for _, mismatch in tally.mismatches} == {"refusal_mismatch"}
    assert "NotApproved" in tally.mismatches[0][1].what


def test_a_case_that_cannot_be_read_is_not_passed_over(tmp_path: Path):
    tally = check_set(_sampled(tmp_path, "cp-amm", lambda line: line.pop("args")))
    assert len(tally.mismatches) == 1
    assert tally.skipped == 0


def _run(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.conformance", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_prints_one_line_per_set_and_fails_on_a_difference(tmp_path: Path):
    _sampled(tmp_path, "cp-amm", _one_unit_more)
    run = _run(tmp_path)
    assert run.returncode == 1
    assert run.stdout == (
        f"cp-amm cases={SAMPLE_CASES} amount_mismatch=1 refusal_mismatch=0"
        " instruction_mismatch=0 post_state_mismatch=0 skipped=0\n"
    )
    assert "amount_mismatch" in run.stderr


def test_a_set_of_another_program_is_skipped_by_name(tmp_path: Path):
    program = "whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc"
    with gzip.open(tmp_path / "other.cases.jsonl.gz", "wt") as out:
        out.write(json.dumps({"meta": {}}) + "\n")
        out.write(json.dumps({"id": "1", "ix": {"program_id": program}}) + "\n")
    run = _run(tmp_path)
    assert run.returncode == 0
    assert run.stdout.startswith("other cases=1 ")
    assert run.stdout.endswith("skipped=1\n")
    assert program in run.stderr


def test_a_folder_without_sets_is_an_error(tmp_path: Path):
    run = _run(tmp_path)
    assert run.returncode == 2
    assert "no set of recorded swaps" in run.stderr
