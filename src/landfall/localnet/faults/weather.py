"""What goes wrong with the chain itself, asked before each slot passes."""

from dataclasses import dataclass

from landfall.localnet.faults.faults import Faults
from landfall.localnet.faults.kinds import Place
from landfall.localnet.node import SlotFault


@dataclass(frozen=True, slots=True)
class Weather:
    """The rules about slots."""

    faults: Faults

    def next_slot(self) -> SlotFault | None:
        """What happens to the slot that is about to pass."""
        if not self.faults.rules:
            return None
        struck = self.faults.strike(Place.SLOT)
        if struck is None:
            return None
        if struck.name == "rollback":
            return SlotFault(taken_back=struck.amount)
        return SlotFault(skipped=struck.amount)
