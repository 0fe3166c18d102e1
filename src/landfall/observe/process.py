"""What a process as a whole does: it starts, waits, or finds that it must not go on."""

from landfall.observe.log import log


def started(part: str, **where: str | int) -> None:
    """A part that runs by itself is up."""
    log.info("started", part=part, **where)


def waiting_to_start(why: str) -> None:
    """A part of the program cannot start yet, and tries again."""
    log.warning("waiting_to_start", why=why)


def record_behind(trades: int, newest: str) -> None:
    """The wallet traded on chain what this database does not know: nothing is signed."""
    log.error(
        "record_behind",
        trades=trades,
        newest=newest,
        what_to_do="see `landfall recover`; nothing is signed until then",
    )


def lineage_changed() -> None:
    """The database is another one than before: a replica was promoted, or a backup put back."""
    log.warning("lineage_changed", what_it_means="what was committed last may be lost to it")


def stranger_seen(signature: str) -> None:
    """The wallet traded on chain what this database does not know, while workers run."""
    log.error(
        "stranger_seen",
        newest=signature,
        what_to_do="somebody else trades with this wallet; see `landfall recover` before a restart",
    )


def child_died(name: str) -> None:
    """A child process ended by itself; it is started again."""
    log.error("child_died", name=name)
