"""`python -m landfall.localnet`: the cluster on its own, with its options on the command line."""

import argparse
import sys
from pathlib import Path

from landfall.core.values import Pubkey
from landfall.localnet.cluster import Pace
from landfall.localnet.options import LocalnetOptions
from landfall.localnet.serve import run


def main(arguments: list[str]) -> int:
    """Parse, run, and answer with the exit code."""
    defaults = LocalnetOptions()
    parser = argparse.ArgumentParser(
        prog="landfall localnet", description="A Solana cluster in one process."
    )
    add = parser.add_argument
    add("--host", default=defaults.host)
    add(
        "--port",
        type=int,
        default=defaults.port,
        help="HTTP and WebSocket; WebSocket also on the next",
    )
    add("--data", type=Path, help="directory that keeps the chain; without it, memory")
    add("--slot-ms", type=int, default=defaults.slot_ms, help="0: no slot passes by itself")
    add("--confirmed-lag", type=int, default=defaults.pace.confirmed_lag, help="slots")
    add("--finalized-lag", type=int, default=defaults.pace.finalized_lag, help="slots")
    add("--skip-every", type=int, default=defaults.pace.skip_every, help="skip one slot in so many")
    add(
        "--fund",
        type=_pubkey,
        action="append",
        default=[],
        metavar="PUBKEY",
        help="give it SOL and tokens",
    )
    add(
        "--account",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="as `solana account --output json` writes it; for a new chain",
    )
    add(
        "--program",
        type=_program,
        action="append",
        default=[],
        metavar="ID=FILE.so",
        help="run this binary instead of a stand-in",
    )
    add("--seed", type=int, default=defaults.seed, help="part of a new chain's genesis hash")
    add("--exit-with-parent", action="store_true", help="stop when the parent process is gone")
    parsed = parser.parse_args(arguments)
    return run(
        LocalnetOptions(
            host=parsed.host,
            port=parsed.port,
            data=parsed.data,
            slot_ms=parsed.slot_ms,
            pace=Pace(
                confirmed_lag=parsed.confirmed_lag,
                finalized_lag=parsed.finalized_lag,
                skip_every=parsed.skip_every,
            ),
            fund=tuple(parsed.fund),
            account_files=tuple(parsed.account),
            programs=dict(parsed.program),
            seed=parsed.seed,
            exit_with_parent=parsed.exit_with_parent,
        )
    )


def _pubkey(text: str) -> Pubkey:
    try:
        return Pubkey.from_string(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is not an address") from error


def _program(text: str) -> tuple[Pubkey, Path]:
    identity, separator, path = text.partition("=")
    if not separator:
        raise argparse.ArgumentTypeError("expected ID=FILE.so")
    return _pubkey(identity), Path(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
