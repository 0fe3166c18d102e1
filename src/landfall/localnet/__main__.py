"""`python -m landfall.localnet`: the cluster on its own, with its options on the command line."""

import argparse
import sys
from pathlib import Path

from landfall.core.values import Pubkey
from landfall.localnet.blocks import Pace
from landfall.localnet.options import LocalnetOptions
from landfall.localnet.serve import run


def main(arguments: list[str]) -> int:
    """Parse, run, and answer with the exit code."""
    parsed = _parser().parse_args(arguments)
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
            faults=tuple(parsed.fault),
            parent=parsed.exit_with_parent,
        )
    )


def _parser() -> argparse.ArgumentParser:
    defaults = LocalnetOptions()
    parser = argparse.ArgumentParser(
        prog="landfall localnet",
        description="A Solana cluster in one process. Defaults are in brackets.",
    )
    _add_process_options(parser, defaults)
    _add_chain_options(parser, defaults)
    return parser


def _add_process_options(parser: argparse.ArgumentParser, defaults: LocalnetOptions) -> None:
    add = parser.add_argument
    add("--host", default=defaults.host, help="address to listen on [%(default)s]")
    http = "HTTP and WebSocket; the next port: WebSocket alone [%(default)s]"
    add("--port", type=int, default=defaults.port, help=http)
    add("--data", type=Path, help="directory that keeps the chain; without it, memory")
    pace = "a slot's length; 0: no slot passes by itself [%(default)s]"
    add("--slot-ms", type=int, default=defaults.slot_ms, help=pace)
    add("--exit-with-parent", type=int, help=argparse.SUPPRESS)


def _add_chain_options(parser: argparse.ArgumentParser, defaults: LocalnetOptions) -> None:
    add, pace = parser.add_argument, defaults.pace
    lag, skip = "in slots [%(default)s]", "skip one slot in so many; 0: none [%(default)s]"
    add("--confirmed-lag", type=int, default=pace.confirmed_lag, help=lag)
    add("--finalized-lag", type=int, default=pace.finalized_lag, help=lag)
    add("--skip-every", type=int, default=pace.skip_every, help=skip)
    seed = "of faults, and of a new chain's genesis hash [%(default)s]"
    add("--seed", type=int, default=defaults.seed, help=seed)
    for name, reader, shape, meaning in (
        ("--fund", _pubkey, "PUBKEY", "give this wallet SOL and tokens"),
        (
            "--account",
            Path,
            "FILE",
            "put it in a new chain, as `solana account --output json` has it",
        ),
        ("--fault", str, "RULE", 'what is to go wrong, as in "drop sendTransaction 10%%"'),
        ("--program", _program, "ID=FILE.so", "run this binary instead of a stand-in"),
    ):
        repeatable = f"{meaning}; repeatable"
        add(name, type=reader, action="append", default=[], metavar=shape, help=repeatable)


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
