"""When is it proven that a transaction can never land? Never by seconds, never by silence.

A blockhash is taken up to a block height. Once a *finalized* block is past that height at slot S,
every block that could hold the transaction is final; so an answer that does not know the signature,
and that was itself true at S or later, is proof of absence. The answer's own slot makes this sound
behind a load balancer.

How long a blockhash is taken is what one node said when it was read. A word that is too low would
make every honest provider call living bytes dead, so it is not enough: heights grow by at most one
per slot, hence no blockhash read at some slot dies before as many slots as blocks have passed.

Source: anza-xyz/agave, clock (`MAX_PROCESSING_AGE`).
"""

from landfall.core.execution import SignedTransaction
from landfall.core.ledger.answers import Finalized, StatusAnswer

BLOCKHASH_BLOCKS = 150
"""For how many blocks the ledger takes a blockhash."""


def is_expired(transaction: SignedTransaction, finalized: Finalized, answer: StatusAnswer) -> bool:
    """Is it proven that `transaction` will never land?

    Args:
        transaction: what was signed.
        finalized: how far the ledger is final. It must have been read *before* `answer`.
        answer: what the whole history says of the signature.
    """
    return (
        finalized.block_height > transaction.last_valid_block_height
        and finalized.slot > transaction.min_context_slot + BLOCKHASH_BLOCKS
        and answer.status is None
        and answer.context_slot >= finalized.slot
    )
