"""Canonical labels of blank nodes: RDF Dataset Canonicalization 1.0 (RDFC-1.0), with SHA-256.

    1. hash each node by its own statements, all other blank nodes alike      (section 4.6)
    2. label those whose hash nobody shares, in the order of the hashes
    3. for the rest, hash what is around them too, as deep as needed          (sections 4.7, 4.8)

Step 3 tries all orders of neighbours that look alike: k of them cost k! hashes, and a document made
for it would never end. So each order that is tried takes one of `MAX_ORDERS`, and no hash reaches
further than `MAX_REACH` nodes.

A neighbour counts as often as statements name it, as in the implementations of others.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from hashlib import sha256

from milepost.credentials.open_badges.errors import NotJudged

MAX_ORDERS = 10_000
MAX_REACH = 100  # three calls each

# Subject, predicate, object and graph ("" for the default one), as N-Quads spells them.
Statement = tuple[str, str, str, str]
Issued = dict[str, str]
Found = tuple[str, Issued]


def canonical_labels(statements: Iterable[Statement]) -> dict[str, str]:
    """`_:b7` → `_:c14n0` of all blank nodes. Raises: NotCanonical."""
    return _Labelling(statements).labels()


def line(statement: Statement) -> str:
    subject, predicate, target, graph = statement
    if graph:
        return f"{subject} {predicate} {target} {graph} .\n"
    return f"{subject} {predicate} {target} .\n"


class _Labelling:
    def __init__(self, statements: Iterable[Statement]) -> None:
        self._mentions: defaultdict[str, list[Statement]] = defaultdict(list)
        for statement in statements:
            for node in {part for part in statement if part[:1] == "_"}:
                self._mentions[node].append(statement)
        self._hashes = {node: self._own_hash(node) for node in self._mentions}
        self._labels: Issued = {}
        self._orders = 0
        self._reach = 0

    def labels(self) -> dict[str, str]:
        groups: defaultdict[str, list[str]] = defaultdict(list)
        for node, digest in self._hashes.items():
            groups[digest].append(node)
        shared = [groups[digest] for digest in sorted(groups) if len(groups[digest]) > 1]
        for digest in sorted(groups):
            if len(groups[digest]) == 1:
                self._label(groups[digest][0])
        for nodes in shared:
            self._label_alike(nodes)
        return self._labels

    def _label(self, node: str) -> None:
        self._labels.setdefault(node, f"_:c14n{len(self._labels)}")

    def _label_alike(self, nodes: list[str]) -> None:
        rest = [node for node in nodes if node not in self._labels]
        found = [self._deep_hash(node, {node: "_:b0"}) for node in rest]
        for _, issued in sorted(found, key=lambda one: one[0]):
            for node in issued:
                self._label(node)

    def _own_hash(self, node: str) -> str:
        lines = sorted(line(_masked(one, node)) for one in self._mentions[node])
        return _sha256("".join(lines))

    def _deep_hash(self, node: str, issued: Issued) -> Found:
        self._reach += 1
        if self._reach > MAX_REACH:
            raise NotJudged("", "too many nodes in a row without an id that are alike")
        around = self._around(node, issued)
        data = []
        for digest in sorted(around):
            path, issued = self._shortest(around[digest], issued)
            data += [digest, path]
        self._reach -= 1
        return _sha256("".join(data)), issued

    def _around(self, node: str, issued: Issued) -> dict[str, list[str]]:
        """The neighbours, by what they look like from here."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for subject, predicate, target, graph in self._mentions[node]:
            for place, other in (("s", subject), ("o", target), ("g", graph)):
                if other[:1] == "_" and other != node:
                    known = self._labels.get(other) or issued.get(other) or self._hashes[other]
                    by = "" if place == "g" else predicate
                    found[_sha256(f"{place}{by}{known}")].append(other)
        return found

    def _shortest(self, nodes: list[str], issued: Issued) -> Found:
        """The first, in order, of the paths through these neighbours."""
        best: Found | None = None
        for order in _orders(Counter(nodes), len(nodes)):
            self._orders += 1
            if self._orders > MAX_ORDERS:
                raise NotJudged("", "too many nodes without an id that are alike")
            path, after = self._path(order, issued)
            if best is None or path < best[0]:
                best = path, after
        assert best is not None
        return best

    def _path(self, order: tuple[str, ...], issued: Issued) -> Found:
        path, issued, new = [], dict(issued), []
        for node in order:
            if node not in self._labels and node not in issued:
                issued[node] = f"_:b{len(issued)}"
                new.append(node)
            path.append(self._labels.get(node) or issued[node])
        for node in new:
            digest, after = self._deep_hash(node, issued)
            path.append(f"{issued[node]}<{digest}>")
            issued = after
        return "".join(path), issued


def _orders(left: Counter[str], size: int) -> Iterator[tuple[str, ...]]:
    """All orders, each once, though a node may come several times."""
    if not size:
        yield ()
        return
    for node in left:
        if left[node]:
            left[node] -= 1
            for rest in _orders(left, size - 1):
                yield (node, *rest)
            left[node] += 1


def _masked(statement: Statement, node: str) -> Statement:
    subject, predicate, target, graph = statement
    return _mask(subject, node), predicate, _mask(target, node), _mask(graph, node)


def _mask(part: str, node: str) -> str:
    return part if part[:1] != "_" else "_:a" if part == node else "_:z"


def _sha256(text: str) -> str:
    return sha256(text.encode()).hexdigest()
