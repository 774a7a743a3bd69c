"""A running Milepost as its users have it: processes of their own, reached over HTTP."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx2
from tests.documented import Document

from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.settings import Settings

PATIENCE_SECONDS = 60


class School:
    def __init__(self, http: str, data_dir: Path) -> None:
        self.http = http
        self.data_dir = data_dir
        given = Settings(data_dir=data_dir)
        self._issuer = DevelopmentIssuer(
            data_dir, issuer=given.token_issuer, audience=given.token_audience
        )
        self._issuer.ensure_keys()
        self._hooks = {"response": [self._documented]}

    async def _documented(self, response: httpx2.Response) -> None:
        await response.aread()
        self._document.check(response)

    @cached_property
    def _document(self) -> Document:
        return Document(httpx2.get(f"{self.http}/schema/openapi.json", trust_env=False).json())

    def headers(
        self, *roles: str, tenant: str = "default", subject: str = "someone", lifetime: int = 600
    ) -> dict[str, str]:
        token = self._issuer.issue(subject, tenant, roles or ("registrar",), lifetime)
        return {"Authorization": f"Bearer {token}"}

    def client(self, *roles: str, **whose: Any) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            base_url=self.http,
            headers=self.headers(*roles, **whose),
            timeout=30,
            trust_env=False,
            event_hooks=self._hooks,
        )


@contextmanager
def milepost(data_dir: Path, *arguments: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """`milepost ARGUMENTS…` in the background, ended kindly afterwards."""
    output = data_dir / f"{'-'.join(arguments)}-{time.monotonic_ns()}.log"
    with output.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "milepost.operations", *arguments],
            env={**_plain_environment(), "MILEPOST_DATA_DIR": str(data_dir), **variables},
            stdout=log,
            stderr=log,
            text=True,
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(40)
            print(output.read_text())  # shown by pytest when the test fails


def wait_until_ready(http: str, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            if httpx2.get(f"{http}/health/ready", trust_env=False).status_code == 200:
                return
        except httpx2.TransportError:
            pass
        assert process.poll() is None, "it ended before it was ready"
        assert time.monotonic() < deadline, "it did not become ready"
        time.sleep(0.05)


def _plain_environment() -> Mapping[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("MILEPOST_")}
