"""One server of each configuration, for all tests here."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.subscriptions.partners.servers import Nats, deployed, embedded


@pytest.fixture(scope="session")
def nats_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="milepost-nats-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session", params=["milepost up", "deploy/nats.conf"])
async def server(
    request: pytest.FixtureRequest,
    nats_folder: Path,
    own_processes: None,  # noqa: ARG001 - it starts one
) -> AsyncIterator[Nats]:
    make = embedded if request.param == "milepost up" else deployed
    # Made anew whenever the other one was asked for in between.
    folder = Path(tempfile.mkdtemp(prefix=f"{make.__name__}-", dir=nats_folder))
    with pytest.MonkeyPatch.context() as patch:
        # Of clients that name no CA, as a partner's program.
        if make is deployed:
            patch.setenv("SSL_CERT_FILE", str(folder / "school-ca" / "ca.pem"))
        async with make(folder) as running:
            yield running
