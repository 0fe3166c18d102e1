"""When is it proven that a transaction can never land? Never by seconds, never by silence.

A blockhash is taken up to a block height. Once a *finalized* block is past that height at slot S,
every block that could hold the transaction is final; so an answer that does not know the signature,
and that was itself true at S or later, is proof of absence. The answer's own slot makes this sound
behind a load balancer.
"""

from landfall.core.execution import SignedTransaction
from landfall.core.ledger.answers import Finalized, StatusAnswer


def is_expired(transaction: SignedTransaction, finalized: Finalized, answer: StatusAnswer) -> bool:
    """Is it proven that `transaction` will never land?

    Args:
        transaction: what was signed.
        finalized: how far the ledger is final. It must have been read *before* `answer`.
        answer: what the whole history says of the signature.
    """
    return (
        finalized.block_height > transaction.last_valid_block_height
        and answer.status is None
        and answer.context_slot >= finalized.slot
    )
