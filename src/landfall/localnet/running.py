"""Which way a transaction is executed: whole, or with stand-ins played between what really runs."""

from landfall.core.values import ChainClock
from landfall.localnet.execution import Outcome, execute_whole, not_landed
from landfall.localnet.playing import play
from landfall.localnet.svm import Svm
from landfall.localnet.transactions import LookupFailed, SignedMessage, resolve_accounts


def execute(svm: Svm, transaction: SignedMessage, clock: ChainClock, newest: ChainClock) -> Outcome:
    """Execute on the state at the end of `clock.slot`. `newest` is the clock of the open block."""
    try:
        accounts = resolve_accounts(transaction, lambda key: svm.account(key, clock.slot))
    except LookupFailed as failure:
        return not_landed(failure.error)
    plays = any(program in svm.stand_ins for program, _ in transaction.programs)
    with svm.as_of(accounts.keys, clock, newest):
        return (play if plays else execute_whole)(svm, transaction, accounts, clock)
