"""Bits by column: counts of common bits for 64 fingerprints at a time, by AND and XOR alone.

A row of words holds one bit position for many fingerprints, fingerprint i in bit i % 64 of word
i // 64. A *plane* holds one binary digit of a count for each of them; a count is a list of planes,
the lowest digit first.
"""

from collections.abc import Sequence

import numpy as np

# Delta swaps that transpose an 8 × 8 matrix of bits in a word (Warren, Hacker's Delight, chapter 7).
_SWAPS = ((7, 0x00AA00AA00AA00AA), (14, 0x0000CCCC0000CCCC), (28, 0x00000000F0F0F0F0))

Planes = Sequence[np.ndarray]


def transposed(rows: np.ndarray) -> np.ndarray:
    """(n, bytes) uint8, bits in little order, n a multiple of 64 → (8 × bytes, n / 64) uint64."""
    n, n_bytes = rows.shape
    words = np.ascontiguousarray(rows.reshape(n // 8, 8, n_bytes).transpose(2, 0, 1)).view("<u8")[..., 0]
    for shift, mask in _SWAPS:
        swap = (words ^ (words >> np.uint64(shift))) & np.uint64(mask)
        words ^= swap ^ (swap << np.uint64(shift))
    by_bit = words.view(np.uint8).reshape(n_bytes, n // 8, 8).transpose(0, 2, 1)
    return np.ascontiguousarray(by_bit).reshape(8 * n_bytes, n // 8).view("<u8")


def planes_of(rows: np.ndarray) -> list[np.ndarray]:
    """How many of the (k, words) rows have each bit, as planes; changes `rows`.

    Full adders turn three rows of one digit into one of that digit and one of the next.
    """
    if len(rows) == 0:
        return [np.zeros(rows.shape[1:], np.uint64)]
    planes: list[np.ndarray] = []
    while len(rows):
        carries = []
        while (third := len(rows) // 3) > 0:
            a, b, c = rows[:third], rows[third : 2 * third], rows[2 * third : 3 * third]
            both = a & b
            a ^= b
            np.bitwise_and(a, c, out=b)
            both |= b
            carries.append(both)
            a ^= c
            rest = rows[3 * third :]
            rows = np.concatenate([a, rest]) if len(rest) else a
        if len(rows) == 2:
            carries.append(rows[:1] & rows[1:])
            rows = rows[:1] ^ rows[1:]
        planes.append(rows[0])
        rows = np.concatenate(carries) if carries else rows[:0]
    return planes


def at_least(planes: Planes, floor: int) -> np.ndarray:
    """(words,) the bits of those whose count is `floor` or more."""
    if floor <= 0:
        return ~np.zeros_like(planes[0])
    if floor >> len(planes):
        return np.zeros_like(planes[0])
    # count >= floor: going down the digits, floor - 1 is passed where it has a 0 and the count a 1
    below = floor - 1
    equal, more = ~np.zeros_like(planes[0]), np.zeros_like(planes[0])
    for digit in range(len(planes) - 1, -1, -1):
        plane = planes[digit]
        if below >> digit & 1:
            equal &= plane
        else:
            more |= equal & plane
            equal &= ~plane
    return more


def kth_largest(planes: Planes, k: int) -> int:
    """The k-th largest count; 0 if there are not so many."""
    value, among = 0, ~np.zeros_like(planes[0])
    for digit in range(len(planes) - 1, -1, -1):
        ones = among & planes[digit]
        n = int(np.bitwise_count(ones).sum())
        if n >= k:
            value, among = value | 1 << digit, ones
        else:
            k -= n
            among &= ~planes[digit]
    return value


def positions(bits: np.ndarray) -> np.ndarray:
    """(hits,) int64 places of the bits set in (words,) uint64, ascending."""
    words = np.flatnonzero(bits)
    inside = np.unpackbits(bits[words].astype("<u8", copy=False).view(np.uint8), bitorder="little")
    set_bits = np.flatnonzero(inside)
    return words[set_bits >> 6] * 64 + (set_bits & 63)


def counts_at(planes: Planes, where: np.ndarray) -> np.ndarray:
    """(hits,) int64 the counts at these places."""
    words, shifts = where >> 6, (where & 63).astype(np.uint64)
    out = np.zeros(len(where), np.int64)
    for digit, plane in enumerate(planes):
        out |= ((plane[words] >> shifts) & np.uint64(1)).astype(np.int64) << digit
    return out
