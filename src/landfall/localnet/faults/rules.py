"""A rule: which fault strikes what, how hard and how often, read from one line of text.

    NAME [METHOD] [AMOUNT UNIT] [PERCENT%] [every N] [N times] [at NODE]

What follows the name may stand in any order. AMOUNT is a number or a range (`5..20`), and is drawn
anew each time. Without a percentage and without `every`, a fault strikes whenever it can.

    drop sendTransaction 10%
    late 5..20 slots 30%
    429 getLatestBlockhash 2 seconds 3 times
    stale 30 slots at old
    rollback 2 slots every 50
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from landfall.localnet.faults.kinds import KINDS, NOTIFICATIONS, Kind, Place

AMOUNT_MAX = 100_000
UNITS = {
    "slot": "slots",
    "slots": "slots",
    "second": "seconds",
    "seconds": "seconds",
    "s": "seconds",
    "copy": "copies",
    "copies": "copies",
}
SHAPE = "NAME [METHOD] [AMOUNT UNIT] [PERCENT%] [every N] [N times] [at NODE]"


class BadRule(ValueError):
    """The text is no rule. What is wrong with it, as a sentence for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. Units: `chance` 0 to 1, `least` and `most` in the kind's unit.

    `subject`, `node` None: any. `every` 0: not counted. `times` 0: without end.
    """

    kind: Kind
    text: str
    subject: str | None = None
    least: int
    most: int
    chance: float = 1.0
    every: int = 0
    times: int = 0
    node: str | None = None


def parse_rules(texts: Sequence[str], methods: Sequence[str]) -> tuple[Rule, ...]:
    """Rules from their texts. `methods` are those of the JSON-RPC.

    Raises:
        BadRule: one is none.
    """
    return tuple(parse_rule(text, methods) for text in texts)


def parse_rule(text: str, methods: Sequence[str]) -> Rule:
    """A rule from its text.

    Raises:
        BadRule: it is none.
    """
    words = text.split()
    if not words:
        raise BadRule(f"An empty fault rule. A rule reads: {SHAPE}.")
    kind = KINDS.get(words[0])
    if kind is None:
        raise BadRule(f"There is no fault {words[0]!r}{_meant(words[0], list(KINDS))}.")
    least, most = kind.amount
    rule = Rule(kind=kind, text=" ".join(words), least=least, most=most)
    rest = iter(words[1:])
    for word in rest:
        rule = _with_word(rule, word, rest, methods)
    return rule


def _with_word(rule: Rule, word: str, rest: Iterator[str], methods: Sequence[str]) -> Rule:
    if word.endswith("%"):
        return replace(rule, chance=_chance(rule, word))
    if word == "every":
        every = _number(rule, next(rest, ""))
        return replace(rule, every=every)
    if word == "at":
        return replace(rule, node=_node(rule, next(rest, "")))
    if word[0].isdigit():
        return _with_amount(rule, word, next(rest, ""))
    if word in UNITS and rule.every and UNITS[word] == "slots" and rule.kind.place is Place.SLOT:
        # `every 50 slots` says no more than `every 50`.
        return rule
    return replace(rule, subject=_subject(rule, word, methods))


def _with_amount(rule: Rule, word: str, unit: str) -> Rule:
    if unit == "times":
        return replace(rule, times=_number(rule, word))
    wanted = rule.kind.unit
    if wanted is None:
        raise BadRule(f"{_in(rule)}: {rule.kind.name} takes no amount, so {word!r} says nothing.")
    if UNITS.get(unit) != wanted:
        raise BadRule(f"{_in(rule)}: after {word} should follow {wanted}, or times.")
    first, dots, last = word.partition("..")
    least = _number(rule, first)
    most = _number(rule, last) if dots else least
    if most < least:
        raise BadRule(f"{_in(rule)}: {word} runs backwards.")
    return replace(rule, least=least, most=most)


def _chance(rule: Rule, word: str) -> float:
    try:
        percent = float(word[:-1])
    except ValueError:
        percent = -1.0
    if not 0 <= percent <= 100:
        raise BadRule(f"{_in(rule)}: {word} is not a percentage between 0% and 100%.")
    return percent / 100


def _number(rule: Rule, word: str) -> int:
    if not (word.isascii() and word.isdigit()) or not 1 <= int(word) <= AMOUNT_MAX:
        raise BadRule(
            f"{_in(rule)}: {word or 'nothing'} stands where a whole number between 1 and "
            f"{AMOUNT_MAX} should."
        )
    return int(word)


def _node(rule: Rule, word: str) -> str:
    if rule.kind.place in (Place.SLOT, Place.TRANSACTION):
        raise BadRule(
            f"{_in(rule)}: {rule.kind.name} strikes the whole cluster and not one of its nodes."
        )
    if not word or not word.replace("-", "").replace("_", "").isalnum():
        raise BadRule(f"{_in(rule)}: after `at` should follow a node's name, as in /node/NAME.")
    return word


def _subject(rule: Rule, word: str, methods: Sequence[str]) -> str:
    match rule.kind.place:
        case Place.NOTIFICATION:
            known: Sequence[str] = NOTIFICATIONS
        case Place.SLOT:
            known = ()
        case _:
            known = rule.kind.subjects or methods
    if word in known:
        return word
    if rule.kind.place in (Place.CALL, Place.ANSWER, Place.TRANSACTION) and word in methods:
        raise BadRule(
            f"{_in(rule)}: {rule.kind.name} does not apply to {word}, but to {', '.join(known)}."
        )
    raise BadRule(
        f"{_in(rule)}: {word!r} is not understood{_meant(word, known)}. A rule reads: {SHAPE}."
    )


def _in(rule: Rule) -> str:
    return f"In the fault {rule.text!r}"


def _meant(word: str, known: Sequence[str]) -> str:
    close = get_close_matches(word, known, 1)
    if close:
        return f"; {close[0]!r} perhaps"
    return f"; there are {', '.join(known)}" if 0 < len(known) <= len(KINDS) else ""
