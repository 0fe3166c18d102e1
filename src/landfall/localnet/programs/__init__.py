"""Stand-ins by program: pools that trade on a cluster which has no binary of their program."""

from landfall.localnet.programs.meteora_damm_v1 import MeteoraDammV1
from landfall.localnet.programs.meteora_damm_v2 import MeteoraDammV2
from landfall.localnet.programs.meteora_dbc import MeteoraDbc
from landfall.localnet.programs.meteora_dlmm import MeteoraDlmm
from landfall.localnet.programs.raydium_amm import RaydiumAmm
from landfall.localnet.programs.raydium_clmm import RaydiumClmm
from landfall.localnet.programs.raydium_cpmm import RaydiumCpmm
from landfall.localnet.programs.stand_in import (
    AccountRef,
    Effects,
    ProgramRefused,
    StandIn,
    TokenTransfer,
)

__all__ = ["STAND_INS", "AccountRef", "Effects", "ProgramRefused", "StandIn", "TokenTransfer"]

STAND_INS: tuple[StandIn, ...] = (
    RaydiumCpmm(),
    MeteoraDammV2(),
    RaydiumAmm(),
    RaydiumClmm(),
    MeteoraDammV1(),
    MeteoraDlmm(),
    MeteoraDbc(),
)
"""One for each pool program the engine trades on."""
