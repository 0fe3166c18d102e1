"""When is it proven that a transaction can never land? Never by seconds, never by silence.

A blockhash is taken up to a block height. Once a *finalized* block is past that height at slot S,
every block that could hold the transaction is final; so an answer that does not know the signature,
and that was itself true at S or later, is proof of absence. The answer's own slot makes this sound
behind a load balancer. Absence from a history proves it only for the slots that the history has: a
node that keeps minutes, or was made from a snapshot, knows as little of what it has forgotten.

How long a blockhash is taken is what one node said when it was read. A word that is too low would
make every honest provider call living bytes dead, so it is not enough: heights grow by at most one
per slot, hence no blockhash read at some slot dies before as many slots as blocks have passed. The
slot is that node's word as well, so before anything is signed both are held against others' words.

Source: anza-xyz/agave, clock (`MAX_PROCESSING_AGE`).
"""

from collections.abc import Iterable

from landfall.core.execution import SignedTransaction
from landfall.core.ledger.answers import Finalized, LatestBlockhash, StatusAnswer
from landfall.core.values import BlockHeight, Slot

BLOCKHASH_BLOCKS = 150
"""For how many blocks the ledger takes a blockhash."""


def is_expired(transaction: SignedTransaction, finalized: Finalized, answer: StatusAnswer) -> bool:
    """Is its time over, and is it unknown to whoever answers?

    With `reaches_back` this proves that `transaction` will never land.

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


def reaches_back(transaction: SignedTransaction, first_slot: Slot) -> bool:
    """Would a history that begins at `first_slot` show `transaction`, wherever it landed?

    `first_slot` must bound the history that the answer came from: it is the later of two that were
    read before the answer and after it.
    """
    return first_slot <= transaction.min_context_slot


def lives_too_long(latest: LatestBlockhash, others: Iterable[Finalized]) -> bool:
    """Is a blockhash said to live longer than it can, by what `others` have said of the ledger?

    A height claimed too high would make its transaction be waited for as long. Heights grow by at
    most one per slot, so a height known at some slot bounds that of any other, however old it is.
    The one who has got furthest counts; nobody's word bounds nothing.
    """
    heights = [known.block_height + max(0, latest.context_slot - known.slot) for known in others]
    if not heights:
        return False
    return latest.last_valid_block_height > BlockHeight(max(heights) + 2 * BLOCKHASH_BLOCKS)


def dies_too_soon(latest: LatestBlockhash, others: Iterable[Finalized]) -> bool:
    """Is a blockhash said to be from before what all `others` hold final, or to end before it can?

    Signed with it, living bytes would soon look dead to the honest. A blockhash is read from the
    confirmed ledger, which is ahead of the final one, so only a node that is far behind or lies
    gives such a one. `others` must have said it lately; nobody's word refuses nothing.
    """
    told = [
        latest.context_slot < known.slot
        or latest.last_valid_block_height < known.block_height + BLOCKHASH_BLOCKS
        for known in others
    ]
    return bool(told) and all(told)
