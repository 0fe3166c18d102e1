"""The rules in force: which of them strikes now, drawn from the seed, and how often each has.

Every rule has dice of its own, thrown only for what it can strike. So the same seed and the same
order of requests meet the same faults, and a rule added at the end changes none of those before it.
Where several rules of one place could strike, the first that does is the only one.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from landfall.localnet.faults.kinds import Place
from landfall.localnet.faults.rules import Rule


@dataclass(frozen=True, slots=True)
class Strike:
    """One fault that happens. `amount` is in the kind's unit."""

    name: str
    amount: int


@dataclass(slots=True)
class Dice:
    """One rule, how often it could have struck, and how often it did."""

    rule: Rule
    chance: random.Random
    seen: int = 0
    struck: int = 0

    def throw(self) -> Strike | None:
        """Whether the rule strikes what it has just seen."""
        rule = self.rule
        self.seen += 1
        if rule.times and self.struck >= rule.times:
            return None
        if rule.every and self.seen % rule.every:
            return None
        if rule.chance < 1 and self.chance.random() >= rule.chance:
            return None
        self.struck += 1
        return Strike(rule.kind.name, self.chance.randint(rule.least, rule.most))


@dataclass(slots=True)
class Faults:
    """The rules in force, and their dice. `edition` counts how often they were changed."""

    rules: tuple[Rule, ...] = ()
    seed: int = 0
    edition: int = 0
    counted: tuple[Dice, ...] = field(init=False)
    _dice: dict[Place, list[Dice]] = field(init=False)

    def __post_init__(self) -> None:
        self.change(self.rules, self.seed)

    def change(self, rules: Sequence[Rule], seed: int) -> None:
        """Put other rules in force, and begin to count anew."""
        self.rules, self.seed = tuple(rules), seed
        self.edition += 1
        self.counted = tuple(
            Dice(rule, random.Random(f"{seed}/{number}/{rule.text}"))
            for number, rule in enumerate(rules)
        )
        self._dice = {
            place: [dice for dice in self.counted if dice.rule.kind.place is place]
            for place in Place
        }

    def strike(self, place: Place, subject: str = "", node: str = "") -> Strike | None:
        """What strikes `subject` (a method or a subscription) at `node`, if anything does."""
        for dice in self._dice[place]:
            if not _concerns(dice.rule, subject, node):
                continue
            struck = dice.throw()
            if struck is not None:
                return struck
        return None

    def stale_slots(self) -> int:
        """How many slots back any rule may ask to look."""
        return max((rule.most for rule in self.rules if rule.kind.name == "stale"), default=0)


def _concerns(rule: Rule, subject: str, node: str) -> bool:
    if rule.node is not None and rule.node != node:
        return False
    if rule.subject is not None:
        return rule.subject == subject
    return not rule.kind.subjects or subject in rule.kind.subjects
