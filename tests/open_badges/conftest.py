import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyld import jsonld

SHARED = Path(os.environ.get("MILEPOST_SHARED") or Path(__file__).parents[3] / "shared")

# Which file has the published text of each context.
FILES = {
    "https://www.w3.org/ns/credentials/v2": "credentials-v2.jsonld",
    "https://www.w3.org/ns/credentials/examples/v2": "credentials-examples-v2.jsonld",
    "https://www.w3.org/ns/credentials/undefined-terms/v2": "credentials-undefined-terms-v2.jsonld",
    "https://www.w3.org/ns/credentials/status/v1": "bitstring-status-list-v1.jsonld",
    "https://w3id.org/security/data-integrity/v2": "data-integrity-v2.jsonld",
    "https://w3id.org/security/multikey/v1": "multikey-v1.jsonld",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json": "ob-v3p0-context-3.0.2.json",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json": "ob-v3p0-context-3.0.3.json",
    "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json": "ob-v3p0-extensions.json",
    "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json": "clr-v2p0-context-2.0.1.json",
}


@pytest.fixture(scope="session")
def standards() -> Path:
    folder = SHARED / "standards"
    if not folder.is_dir():
        pytest.skip(f"no {folder}: MILEPOST_SHARED names the folder that has it")
    return folder


@pytest.fixture(scope="session")
def published(standards: Path) -> dict[str, Any]:
    """The contexts as they were published, by their address."""
    return {
        url: json.loads((standards / "contexts" / name).read_text()) for url, name in FILES.items()
    }


@pytest.fixture(scope="session")
def stranger(published: dict[str, Any]) -> Callable[[Any], str]:
    """Canonical N-Quads by PyLD, which reads the published contexts."""

    def load(url: str, _options: Any) -> dict[str, Any]:
        return {"contextUrl": None, "documentUrl": url, "document": published[url]}

    def normalized(document: Any) -> str:
        options = {
            "algorithm": "URDNA2015",
            "format": "application/n-quads",
            "documentLoader": load,
        }
        text: str = jsonld.normalize(document, options)
        return text

    return normalized
