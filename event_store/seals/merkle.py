"""The Merkle tree of RFC 9162 (section 2.1) over SHA-256: roots, proofs, and checking them.

A complete subtree is named by its level and its index: `(level, index)` covers the leaves from
`index << level` to below `(index + 1) << level`; level 0 are the leaves. Of the interior ones each
fourth level is stored: any other is made of at most eight stored hashes.
"""

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from hashlib import sha256

STORED_EVERY = 4
"""Of the levels of the tree, those that are a multiple of this are stored."""
HASH_BYTES = 32
EMPTY_ROOT = sha256().digest()

Subtree = tuple[int, int]
Range = tuple[int, int]
"""Leaves from the first number to below the second."""
Node = tuple[int, int, bytes]
"""A complete subtree's level, index and hash."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf that holds `data`."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an interior node with these two children."""
    return sha256(b"\x01" + left + right).digest()


def root_of(peaks: Sequence[bytes]) -> bytes:
    """The root of a tree that consists of these complete subtrees, from the largest on."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def levels_over(hashes: Sequence[bytes]) -> list[Sequence[bytes]]:
    """All complete subtrees over a row of leaves, level by level; the first are the leaves."""
    levels = [hashes]
    while len(levels[-1]) > 1:
        below = levels[-1]
        pairs = zip(below[::2], below[1::2], strict=False)  # an odd one out is in no subtree yet
        levels.append([sha256(b"\x01" + left + right).digest() for left, right in pairs])
    return levels


def peaks_of(levels: Sequence[Sequence[bytes]], size: int) -> list[bytes]:
    """The complete subtrees that the first `size` leaves of `levels_over` consist of."""
    return [levels[level][index] for level, index in subtrees(0, size)]


class Frontier:
    """The right edge of a growing tree: its size, and the complete subtrees that it consists of.

    `base` is the level of what is appended: 0 for leaves.
    """

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = (), base: int = 0) -> None:
        self.size = size
        self.peaks = list(peaks)
        self.base = base

    def copy(self) -> "Frontier":
        return Frontier(self.size, self.peaks, self.base)

    def extend(self, hashes: Sequence[bytes]) -> list[Node]:
        """Adds these; returns those interior nodes complete by it that are to be stored."""
        before, self.size = self.size, self.size + len(hashes)
        level, row, edge, completed = self.base, list(hashes), list[bytes](), list[Node]()
        while row or before:
            if before & 1:
                row.insert(0, self.peaks.pop())
            if len(row) & 1:
                edge.append(row.pop())
            pairs = zip(row[::2], row[1::2], strict=True)
            row = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
            level, before = level + 1, before >> 1
            if level % STORED_EVERY == 0:
                completed += [(level, index, hash) for index, hash in enumerate(row, before)]
        self.peaks = edge[::-1]
        return completed

    def root(self) -> bytes:
        return root_of(self.peaks)


def subtrees(start: int, end: int) -> list[Subtree]:
    """The complete subtrees that a range consists of, from left to right.

    `start` must be a multiple of the largest power of two in the range's length, as in every range
    of a proof.
    """
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append((level, start >> level))
        start += 1 << level
    return found


def inclusion_ranges(number: int, size: int) -> list[Range]:
    """What the proof consists of that leaf `number` is in the tree of that size, in order."""
    if not 0 <= number < size:
        raise ValueError(f"A tree of {size} leaves has none with number {number}.")
    start, end, siblings = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if number < middle:
            siblings.append((middle, end))
            end = middle
        else:
            siblings.append((start, middle))
            start = middle
    return siblings[::-1]


def consistency_ranges(first: int, second: int) -> list[Range]:
    """What the proof consists of that the tree of `second` leaves begins with that of `first`."""
    if not 0 < first <= second:
        raise ValueError(f"A tree of {second} leaves can't be compared with one of {first}.")
    start, end, siblings, is_whole = 0, second, [], True
    while first < end:
        middle = start + _split(end - start)
        if first <= middle:
            siblings.append((middle, end))
            end = middle
        else:
            siblings.append((start, middle))
            start, is_whole = middle, False
    if not is_whole:
        siblings.append((start, end))
    return siblings[::-1]


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def stored_subtrees(ranges: Iterable[Range]) -> set[Subtree]:
    """The stored subtrees that the hashes of ranges are made of."""
    found: set[Subtree] = set()
    for start, end in ranges:
        for level, index in subtrees(start, end):
            below = level % STORED_EVERY
            first = index << below
            found.update((level - below, each) for each in range(first, first + (1 << below)))
    return found


def range_hash(span: Range, known: MutableMapping[Subtree, bytes]) -> bytes:
    """The hash over a range, out of the hashes of `stored_subtrees`.

    What is computed on the way is added to `known`. Raises KeyError for a subtree that isn't there.
    """
    return root_of([_subtree_hash(level, index, known) for level, index in subtrees(*span)])


def _subtree_hash(level: int, index: int, known: MutableMapping[Subtree, bytes]) -> bytes:
    found = known.get((level, index))
    if found is None:
        if level % STORED_EVERY == 0:
            raise KeyError((level, index))
        found = known[level, index] = node_hash(
            _subtree_hash(level - 1, index * 2, known),
            _subtree_hash(level - 1, index * 2 + 1, known),
        )
    return found


def proof(ranges: Iterable[Range], known: Mapping[Subtree, bytes]) -> list[bytes]:
    """The hashes of a proof: of each of its ranges, in order."""
    computed = dict(known)
    return [range_hash(span, computed) for span in ranges]


def includes(root: bytes, size: int, number: int, leaf: bytes, path: Sequence[bytes]) -> bool:
    """Whether the path proves that the tree has this leaf (its hash) there (section 2.1.3.2)."""
    if not 0 <= number < size:
        return False
    at, last, computed = number, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            computed = node_hash(sibling, computed)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and computed == root


def is_consistent(
    first: int, second: int, first_root: bytes, second_root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether the path proves that the second tree begins with the first (section 2.1.4.2)."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not path and first_root == second_root
    steps = list(path)
    if first & (first - 1) == 0:
        steps.insert(0, first_root)
    if not steps:
        return False
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, step)
        at, last = at >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root
