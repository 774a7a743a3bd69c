"""The how-to's verifiers, as printed, of what Milepost signs; without their language they skip."""

import importlib.util
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.docs.pages import DOCS, write_files
from tests.published_clients.node import node

from milepost.subscriptions.webhooks.domain.signing import Secret, headers

__all__ = ["node"]  # a fixture
VERIFIERS = Path(__file__).parent / "verifiers"
OLD, NEW, OTHER = (Secret(key, "v1", key.encode() * 32) for key in "one")
PAIR, OTHER_PAIR = (Secret(key, "v1a", key.encode() * 32) for key in "ab")
BODY = '{"data":{"learner":"ann","title":"Erste Schritte – ✓"}}'.encode()
SENT = datetime(2026, 3, 4, 12, tzinfo=UTC)
NOW = int(SENT.timestamp())


class Case(NamedTuple):
    """What comes, what the receiver has, and whether it is genuine."""

    words: str
    genuine: bool
    secrets: Sequence[Secret] = (NEW,)
    signed_by: Sequence[Secret] = (NEW,)
    body: bytes = BODY
    now: int = NOW
    spoilt: tuple[str, str] | None = None

    @property
    def headers(self) -> dict[str, str]:
        signed = headers("msg_1", SENT, BODY, self.signed_by)
        return {**signed, self.spoilt[0]: self.spoilt[1]} if self.spoilt else signed

    @property
    def texts(self) -> list[str]:
        return [str(one.shared or one.public_key) for one in self.secrets]

    @property
    def line(self) -> str:
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        sent = [self.headers[name] for name in names]
        body = b64encode(self.body).decode()
        return "\t".join([*sent, body, ",".join(self.texts), str(self.now)])


SIGNED = headers("msg_1", SENT, BODY, [NEW])["webhook-signature"]
CASES = [
    Case("as it was sent", genuine=True),
    Case("an empty body of somebody else", genuine=False, body=b""),
    Case("a changed body", genuine=False, body=BODY.replace(b"ann", b"bob")),
    Case("another secret", genuine=False, signed_by=[OTHER]),
    Case(
        "rotated: both sign, the old one is here", genuine=True, signed_by=[NEW, OLD], secrets=[OLD]
    ),
    Case("rotated: both sign, the new one is here", genuine=True, signed_by=[OLD, NEW]),
    Case(
        "rotated: both are here, the old one signs",
        genuine=True,
        signed_by=[OLD],
        secrets=[NEW, OLD],
    ),
    Case("rotated: the old one is gone", genuine=False, signed_by=[OLD]),
    Case("just within five minutes", genuine=True, now=NOW + 300),
    Case("too old", genuine=False, now=NOW + 301),
    Case("of the future", genuine=False, now=NOW - 301),
    Case(
        "made younger", genuine=False, now=NOW + 301, spoilt=("webhook-timestamp", f"{NOW + 300}")
    ),
    Case("no time", genuine=False, spoilt=("webhook-timestamp", "soon")),
    Case("an endless number", genuine=False, spoilt=("webhook-timestamp", "9" * 40)),
    Case("another message", genuine=False, spoilt=("webhook-id", "msg_2")),
    Case("no signature", genuine=False, spoilt=("webhook-signature", "")),
    Case("a signature of another scheme", genuine=False, spoilt=("webhook-signature", SIGNED[2:])),
    Case("a part of a signature", genuine=False, spoilt=("webhook-signature", SIGNED[:-8])),
    Case("no ASCII", genuine=False, spoilt=("webhook-signature", "v1,ü")),
    Case("a key pair and a secret sign", genuine=True, signed_by=[PAIR, NEW]),
    Case("a key pair signs, a secret is here", genuine=False, signed_by=[PAIR]),
]
KEY_PAIRS = [
    Case("a key pair", genuine=True, signed_by=[PAIR], secrets=[PAIR]),
    Case("another key pair", genuine=False, signed_by=[OTHER_PAIR], secrets=[PAIR]),
    Case("a changed body", genuine=False, signed_by=[PAIR], secrets=[PAIR], body=b"{}"),
    Case("a secret and a key pair are here", genuine=True, signed_by=[PAIR], secrets=[NEW, PAIR]),
    Case("a key pair is here, a secret signs", genuine=False, secrets=[PAIR]),
    Case("no signature", genuine=False, secrets=[PAIR], spoilt=("webhook-signature", "v1a,")),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("verifiers")
    write_files(DOCS / "how-to/verify-webhooks.md", folder)
    for path in VERIFIERS.iterdir():
        shutil.copy(path, folder)
    return folder


@pytest.mark.parametrize("case", CASES, ids=[case.words for case in CASES])
def test_python(case: Case, place: Path):
    spec = importlib.util.spec_from_file_location("verify_webhook", place / "verify_webhook.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if case.genuine:
        assert module.verify(case.headers, case.body, case.texts, case.now) == "msg_1"
    else:
        with pytest.raises(module.Forged):
            module.verify(case.headers, case.body, case.texts, case.now)


def test_typescript(place: Path, node: Path):
    judged(place, [[node, "main.ts"]], [*CASES, *KEY_PAIRS])


@pytest.mark.slow
@pytest.mark.servers
@pytest.mark.parametrize(
    "commands",
    [
        [
            ["javac", "-Xlint:all", "-Werror", "Webhooks.java", "Main.java"],
            ["java", "-cp", ".", "Main"],
        ],
        [["go", "run", "main.go", "verify_webhook.go"]],
        [["php", "main.php"]],
    ],
    ids=["java", "go", "php"],
)
def test_other_languages(place: Path, commands: list[list[str]]):
    if not shutil.which(commands[0][0]):
        pytest.skip(f"{commands[0][0]} is not here")
    verifier = place / "verify_webhook.go"
    verifier.write_text(verifier.read_text().replace("package webhook", "package main"))
    judged(place, commands, CASES)


def judged(place: Path, commands: Sequence[Sequence[str | Path]], cases: Sequence[Case]) -> None:
    *before, last = commands
    for command in before:
        subprocess.run(command, cwd=place, check=True, timeout=120)
    done = subprocess.run(
        last,
        cwd=place,
        input="\n".join(case.line for case in cases) + "\n",
        capture_output=True,
        encoding="utf-8",
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.split()
    wanted = [(case.words, "genuine" if case.genuine else "forged") for case in cases]
    assert list(zip([case.words for case in cases], said, strict=True)) == wanted
