"""Faults seen and changed while the node runs: two JSON-RPC methods, for this machine only.

localnet_faults                      the rules in force and how often each one struck
localnet_setFaults [[RULE], SEED]    other rules; the seed stays where none is named
"""

from collections.abc import Callable, Mapping, Sequence

from landfall.localnet.faults.faults import Faults
from landfall.localnet.faults.intake import Intake
from landfall.localnet.faults.rules import BadRule, parse_rules
from landfall.localnet.node import Node
from landfall.localnet.params import Params, invalid_params
from landfall.localnet.wire import Json

RULES_MAX = 100


def admin_methods(
    faults: Faults, intake: Intake, methods: Sequence[str]
) -> Mapping[str, Callable[[Node, Params], Json]]:
    """The methods by name. `methods` are those that a rule may name."""

    def show(node: Node, params: Params) -> Json:
        return shown(faults, intake)

    def change(node: Node, params: Params) -> Json:
        texts = params.listing(0, RULES_MAX)
        if not all(isinstance(text, str) for text in texts):
            raise invalid_params("A rule is a string.")
        seed = params.number(1) if len(params.values) > 1 else faults.seed
        try:
            rules = parse_rules(texts, methods)
        except BadRule as error:
            raise invalid_params(str(error)) from error
        faults.change(rules, seed)
        node.cluster.remember(faults.stale_slots())
        return shown(faults, intake)

    return {"localnet_faults": show, "localnet_setFaults": change}


def shown(faults: Faults, intake: Intake) -> Json:
    """The rules in force, and what became of transactions that were kept back."""
    rules = [
        {"rule": dice.rule.text, "seen": dice.seen, "struck": dice.struck}
        for dice in faults.counted
    ]
    late = {
        "waiting": intake.waiting,
        "landed": intake.late_landed,
        "refused": intake.late_refused,
    }
    return {"seed": faults.seed, "rules": rules, "late": late}
