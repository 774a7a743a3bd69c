"""How much work canonical labels would be, known before it is begun.

RDFC-1.0 tries all orders of blank nodes that look alike around another: k of them cost k! hashes,
and those of their own children as often. Nine of them, twice, took six seconds.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from math import factorial, prod

from milepost.credentials.open_badges.faults import NotCanonical

MAX_ORDERS = 1_000

Statement = tuple[str, str, str, str]


class Branches:
    """The statements with blank nodes, and which blank node hangs on which."""

    def __init__(self) -> None:
        self._statements: list[Statement] = []
        self._children: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        self._parents: dict[str, str] = {}

    def add(self, subject: str, predicate: str, target: str, graph: str) -> None:
        """One of subject, target and graph is blank."""
        self._statements.append((subject, predicate, target, graph))
        if subject[0] == target[0] == "_":
            self._hang(subject, predicate, target)
        if graph and subject[0] == "_":
            self._hang(graph, "graph", subject)
        if graph and target[0] == "_":
            self._hang(graph, "graph", target)

    def _hang(self, parent: str, by: str, child: str) -> None:
        self._children[parent, by].append(child)
        self._parents.setdefault(child, parent)

    def check(self) -> None:
        """Raises: NotCanonical, when there are more than MAX_ORDERS to try."""
        if self._orders({}) > MAX_ORDERS and self._orders(self._looks()) > MAX_ORDERS:
            raise NotCanonical("", "too many nodes without an id that are alike")

    def _orders(self, looks: Mapping[str, object]) -> int:
        """As if all were alike, where `looks` does not tell them apart."""
        count = Counter(looks.values())
        orders: defaultdict[str, int] = defaultdict(lambda: 1)
        for (parent, _), children in self._children.items():
            if not looks or count[looks[parent]] > 1:
                alike = Counter(looks.get(child) for child in set(children)).values()
                orders[self._root(parent)] *= prod(factorial(number) for number in alike)
        return sum(orders.values())

    def _root(self, node: str) -> str:
        while (parent := self._parents.get(node)) is not None:
            node = parent
        return node

    def _looks(self) -> dict[str, object]:
        """What the first round of hashing sees of each: its statements without other labels."""
        seen: defaultdict[str, list[tuple[str, ...]]] = defaultdict(list)
        for statement in self._statements:
            for node in {part for part in statement if part.startswith("_:")}:
                seen[node].append(tuple(_as_seen(part, node) for part in statement))
        return {node: tuple(sorted(set(statements))) for node, statements in seen.items()}


def _as_seen(part: str, node: str) -> str:
    return part if not part.startswith("_:") else "_:a" if part == node else "_:z"
