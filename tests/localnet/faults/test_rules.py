"""What a rule may say, what it is told where it may not, and that a seed repeats it."""

from pathlib import Path

import pytest

from landfall.localnet.faults.faults import Faults
from landfall.localnet.faults.kinds import KINDS, Kind, Place
from landfall.localnet.faults.rules import BadRule, Rule, parse_rule, parse_rules
from landfall.localnet.rpc import METHODS

METHOD_NAMES = list(METHODS)
PAGE = Path(__file__).parents[3] / "docs/how-to/test-your-bot-with-faults.md"


def rule(text: str) -> Rule:
    return parse_rule(text, METHOD_NAMES)


@pytest.mark.parametrize("name", KINDS)
def test_every_fault_may_be_asked_for_by_its_name_alone(name: str):
    parsed = rule(name)
    assert (parsed.kind.name, parsed.chance, parsed.every, parsed.times) == (name, 1.0, 0, 0)


def test_what_follows_the_name_may_stand_in_any_order():
    one = rule("late sendTransaction 5..20 slots 30% 4 times")
    other = rule("late 4 times 30% 5..20 slots sendTransaction")
    assert (one.least, one.most, one.chance, one.times) == (5, 20, 0.3, 4)
    assert one.subject == "sendTransaction"
    for name in ("least", "most", "chance", "times", "subject"):
        assert getattr(one, name) == getattr(other, name)


def test_a_fault_may_come_every_so_often_and_at_one_node_only():
    assert rule("rollback 2 slots every 50").every == 50
    assert rule("rollback 2 slots every 50 slots").every == 50
    assert rule("stale 30 slots at old").node == "old"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "An empty fault rule."),
        ("dorp 10%", "There is no fault 'dorp'; 'drop' perhaps."),
        ("drop getSlot", "drop does not apply to getSlot, but to sendTransaction."),
        ("hang getSlto", "'getSlto' is not understood; 'getSlot' perhaps."),
        ("drop 110%", "110% is not a percentage between 0% and 100%."),
        ("drop x%", "x% is not a percentage"),
        ("late 5 seconds", "after 5 should follow slots, or times."),
        ("late 20..5 slots", "20..5 runs backwards."),
        ("late 5..x slots", "x stands where a whole number between 1 and 100000 should."),
        ("drop 5 slots", "drop takes no amount, so '5' says nothing."),
        ("drop every", "nothing stands where a whole number"),
        ("skip every 0", "0 stands where a whole number"),
        ("rollback at old", "rollback strikes the whole cluster and not one of its nodes."),
        ("stale at", "after `at` should follow a node's name, as in /node/NAME."),
        ("ws-drop slots", "'slots' is not understood; 'slot' perhaps."),
        ("503 getSlot slots", "'slots' is not understood"),
    ],
)
def test_what_is_no_rule_is_refused_in_a_sentence(text: str, sentence: str):
    with pytest.raises(BadRule) as refused:
        rule(text)
    assert sentence in str(refused.value)
    assert text in str(refused.value) or not text or "There is no" in str(refused.value)


def struck(seed: int, *texts: str) -> list[object]:
    faults = Faults(parse_rules(texts, METHOD_NAMES), seed)
    return [faults.strike(Place.CALL, "getSlot") for _ in range(200)]


def test_the_same_seed_and_the_same_requests_meet_the_same_faults():
    rules = ("429 1..9 seconds 20%", "hang 20%")
    first = struck(7, *rules)
    assert first == struck(7, *rules)
    assert first != struck(8, *rules)
    assert {getattr(each, "name", None) for each in first} == {"429", "hang", None}


def test_a_rule_that_is_added_at_the_end_changes_nothing_before_it():
    before = struck(7, "429 20%")
    after = struck(7, "429 20%", "hang 50%")
    assert all(now == was for was, now in zip(before, after, strict=True) if was is not None)


def test_a_fault_strikes_about_as_often_as_it_says_and_no_more_than_it_may():
    assert 20 < sum(each is not None for each in struck(7, "hang 20%")) < 60
    assert sum(each is not None for each in struck(7, "hang 3 times")) == 3
    assert sum(each is not None for each in struck(7, "hang every 50")) == 4


def test_what_a_rule_does_not_name_it_spares():
    faults = Faults(parse_rules(["hang getSlot at old", "lie-genesis"], METHOD_NAMES), 0)
    assert faults.strike(Place.CALL, "getSlot", "new") is None
    assert faults.strike(Place.CALL, "getBalance", "old") is None
    assert faults.strike(Place.CALL, "getSlot", "old") is not None
    assert faults.strike(Place.ANSWER, "getSlot") is None
    assert [(dice.seen, dice.struck) for dice in faults.counted] == [(1, 1), (0, 0)]


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_the_page_tells_of_every_fault_what_it_does(kind: Kind):
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    rows = [line.strip("| ").split(" | ") for line in lines]
    told = {example.strip("`"): meaning for example, meaning in rows}
    meanings = [meaning for example, meaning in told.items() if rule(example).kind is kind]
    assert meanings == [kind.meaning]
