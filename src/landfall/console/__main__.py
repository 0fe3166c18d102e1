"""Run the console alone: `python -m landfall.console --api http://127.0.0.1:3000`."""

import argparse
import sys

from landfall.console.serve import ConsoleOptions, serve


def main(arguments: list[str]) -> int:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(
        prog="landfall console",
        description="The web console of an engine. Defaults are in brackets.",
    )
    parser.add_argument(
        "--api", default="http://127.0.0.1:3000", help="the engine's API [%(default)s]"
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="the address to listen on [%(default)s]"
    )
    parser.add_argument(
        "--port", type=int, default=3001, help="the port to listen on [%(default)s]"
    )
    parser.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        help="a name it answers to beside loopback; repeatable",
    )
    parser.add_argument("--exit-with-parent", type=int, metavar="PID", help=argparse.SUPPRESS)
    parsed = parser.parse_args(arguments)
    serve(
        ConsoleOptions(
            api=parsed.api,
            host=parsed.host,
            port=parsed.port,
            allowed_hosts=frozenset(parsed.allowed_host),
            parent=parsed.exit_with_parent,
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
