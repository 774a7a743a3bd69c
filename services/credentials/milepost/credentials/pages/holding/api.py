"""`/my/credentials/{credential}`: a learner shows a credential to others, or takes it with them.

It only reads; its forms are commands of the API.
"""

from pathlib import Path
from typing import Final

from litestar import Response, Router, get
from litestar.di import NamedDependency

from milepost.credentials.api.wire import PathCredential
from milepost.credentials.pages.holding.credential import Holding, held_credential
from milepost.pages.shell import PageRequest, Shell

SHELL: Final = Shell(Path(__file__).parent)


@get("/my/credentials/{credential:str}", roles=("learner",))
async def get_held_credential(
    request: PageRequest, credential: PathCredential, holding: NamedDependency[Holding]
) -> Response[bytes]:
    caller, language = request.user, SHELL.locale(request).language
    one = await held_credential(holding, caller.tenant, caller.subject, credential, language)
    return SHELL.render(request, "held_credential.html", area="my", one=one)


def routes(holding: Holding) -> Router:
    return SHELL.router((get_held_credential,), {"holding": holding})
