"""The tree is that of RFC 9162, by the published vectors and by what must hold of every tree."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_store.seals.merkle import (
    EMPTY_ROOT,
    Frontier,
    Subtree,
    consistency_ranges,
    includes,
    inclusion_ranges,
    is_consistent,
    leaf_hash,
    levels_over,
    node_hash,
    peaks_of,
    proof,
    root_of,
    stored_subtrees,
)

# From the tests of the Certificate Transparency project (transparency-dev/merkle, testonly).
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
D = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
F = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
INCLUSIONS = {
    (0, 1): [],
    (0, 8): [A, B, C],
    (5, 8): [D, E, ROOTS[4]],
    (2, 3): [ROOTS[2]],
    (1, 5): [ROOTS[1], B, D],
}
CONSISTENCIES = {
    (1, 1): [],
    (1, 8): [A, B, C],
    (6, 8): [F, E, ROOTS[4]],
    (2, 5): [B, D],
}


class Tree:
    """A tree whose every stored subtree is known."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.hashes = [leaf_hash(leaf) for leaf in leaves]
        frontier = Frontier()
        self._known = {(0, number): hash for number, hash in enumerate(self.hashes)}
        self.roots = [frontier.root()]
        for hash in self.hashes:
            nodes = frontier.extend([hash])
            self._known |= {(level, index): hash for level, index, hash in nodes}
            self.roots.append(frontier.root())

    @property
    def nodes(self) -> dict[Subtree, bytes]:
        """The interior ones."""
        return {subtree: hash for subtree, hash in self._known.items() if subtree[0]}

    def inclusion(self, number: int, size: int) -> list[bytes]:
        ranges = inclusion_ranges(number, size)
        return proof(ranges, {key: self._known[key] for key in stored_subtrees(ranges)})

    def consistency(self, first: int, second: int) -> list[bytes]:
        ranges = consistency_ranges(first, second)
        return proof(ranges, {key: self._known[key] for key in stored_subtrees(ranges)})


PUBLISHED = Tree(LEAVES)


def test_roots_are_those_published() -> None:
    assert [root.hex() for root in PUBLISHED.roots] == ROOTS
    assert EMPTY_ROOT.hex() == ROOTS[0]


@pytest.mark.parametrize(("number", "size"), INCLUSIONS)
def test_inclusion_proofs_are_those_published(number: int, size: int) -> None:
    path = PUBLISHED.inclusion(number, size)
    assert [hash.hex() for hash in path] == INCLUSIONS[number, size]
    assert includes(PUBLISHED.roots[size], size, number, PUBLISHED.hashes[number], path)


@pytest.mark.parametrize(("first", "second"), CONSISTENCIES)
def test_consistency_proofs_are_those_published(first: int, second: int) -> None:
    path = PUBLISHED.consistency(first, second)
    assert [hash.hex() for hash in path] == CONSISTENCIES[first, second]
    assert is_consistent(first, second, PUBLISHED.roots[first], PUBLISHED.roots[second], path)


def _root_by_definition(hashes: Sequence[bytes]) -> bytes:
    """Section 2.1.1 of RFC 9162, word for word."""
    if len(hashes) <= 1:
        return hashes[0] if hashes else EMPTY_ROOT
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return node_hash(_root_by_definition(hashes[:split]), _root_by_definition(hashes[split:]))


sizes = st.integers(1, 400)


@given(st.lists(st.integers(0, 70), max_size=8))
def test_a_tree_grows_alike_by_many_leaves_at_once(counts: list[int]) -> None:
    tree = Tree([number.to_bytes(2) for number in range(sum(counts))])
    frontier, stored = Frontier(), dict[Subtree, bytes]()
    for count in counts:
        hashes = tree.hashes[frontier.size : frontier.size + count]
        stored |= {(level, index): hash for level, index, hash in frontier.extend(hashes)}
        assert frontier.root() == tree.roots[frontier.size]
    assert stored == tree.nodes


@given(sizes)
def test_every_way_to_a_root_leads_to_the_same(size: int) -> None:
    tree = Tree([number.to_bytes(2) for number in range(size)])
    levels = levels_over(tree.hashes)
    assert tree.roots[size] == _root_by_definition(tree.hashes)
    assert root_of(peaks_of(levels, size)) == tree.roots[size]
    assert root_of(peaks_of(levels, size // 2)) == tree.roots[size // 2]


@given(sizes, st.data())
def test_inclusion_is_proved_of_each_leaf_and_of_nothing_else(
    size: int, data: st.DataObject
) -> None:
    tree = Tree([number.to_bytes(2) for number in range(size)])
    number = data.draw(st.integers(0, size - 1))
    path, root = tree.inclusion(number, size), tree.roots[size]
    assert includes(root, size, number, tree.hashes[number], path)

    other = data.draw(st.integers(0, size - 1).filter(lambda each: each != number) | st.just(size))
    assert not includes(root, size, other, tree.hashes[number], path)
    assert not includes(root, size, number, leaf_hash(b"another"), path)
    assert not includes(leaf_hash(b"another"), size, number, tree.hashes[number], path)
    assert not includes(root, size, number, tree.hashes[number], [*path, root])
    for mutated in _mutations(path, data):
        assert not includes(root, size, number, tree.hashes[number], mutated)


@given(sizes, st.data())
def test_consistency_is_proved_of_each_two_sizes_and_of_nothing_else(
    second: int, data: st.DataObject
) -> None:
    tree = Tree([number.to_bytes(2) for number in range(second)])
    first = data.draw(st.integers(1, second))
    path, old, new = tree.consistency(first, second), tree.roots[first], tree.roots[second]
    assert is_consistent(first, second, old, new, path)

    wrong = leaf_hash(b"another")
    assert not is_consistent(first, second, wrong, new, path)
    assert not is_consistent(first, second, old, wrong, path)
    assert not is_consistent(first, second, old, new, [*path, new])
    assert not is_consistent(0, second, EMPTY_ROOT, new, path)
    for mutated in _mutations(path, data):
        assert not is_consistent(first, second, old, new, mutated)


def _mutations(path: list[bytes], data: st.DataObject) -> list[list[bytes]]:
    if not path:
        return []
    at = data.draw(st.integers(0, len(path) - 1))
    bit = data.draw(st.integers(0, 255))
    flipped = (int.from_bytes(path[at]) ^ (1 << bit)).to_bytes(32)
    return [
        [*path[:at], flipped, *path[at + 1 :]],
        [*path[:at], *path[at + 1 :]],
        [*path[:at], path[at], *path[at:]],
    ]


def test_there_are_no_proofs_beyond_the_tree() -> None:
    for number, size in ((0, 0), (3, 3), (-1, 3)):
        with pytest.raises(ValueError, match="none with number"):
            inclusion_ranges(number, size)
    for first, second in ((0, 3), (4, 3)):
        with pytest.raises(ValueError, match="can't be compared"):
            consistency_ranges(first, second)


def test_a_proof_from_a_tree_of_a_billion_reads_at_most_two_hundred_hashes() -> None:
    assert len(stored_subtrees(inclusion_ranges(123_456_789, 10**9))) < 200
    assert len(stored_subtrees(consistency_ranges(123_456_789, 10**9))) < 200
