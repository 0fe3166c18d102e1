"""Meteora DLMM: which bin arrays hold liquidity.

The pair keeps one bit per array for the indexes around zero; what lies further out is in an account
of its own, which most pairs do not have. Here both are one integer, bit `index + OFFSET`.

Source: MeteoraAg/dlmm-sdk fb02e51, commons/src/extensions/{lb_pair,bin_array_bitmap}.rs.
"""

PAIR_SPAN = 512
EXTENSION_SPAN = 12 * 512
OFFSET = PAIR_SPAN + EXTENSION_SPAN


def joined(inner: int, positive: int, negative: int) -> int:
    """The pair's bitmap and both halves of its extension as one; the negative half counts from
    zero outwards, so it is turned round."""
    below = int(f"{negative:0{EXTENSION_SPAN}b}"[::-1], 2)
    return below | inner << EXTENSION_SPAN | positive << (OFFSET + PAIR_SPAN)


def next_arrays(bits: int, start: int, *, downwards: bool, count: int) -> tuple[int, ...]:
    """The indexes of the first `count` arrays with liquidity from `start` on, nearest first."""
    found: list[int] = []
    at = start + OFFSET
    if downwards:
        rest = bits & ((1 << (at + 1)) - 1)
        while rest and len(found) < count:
            at = rest.bit_length() - 1
            found.append(at - OFFSET)
            rest ^= 1 << at
    else:
        rest = bits >> at
        while rest and len(found) < count:
            lowest = rest & -rest
            found.append(start + lowest.bit_length() - 1)
            rest ^= lowest
    return tuple(found)
