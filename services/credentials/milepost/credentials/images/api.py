"""Routes on pictures: staff upload them, and everybody sees them."""

from hashlib import sha256
from typing import Any, Final, TypeAlias

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.openapi.spec import OpenAPIMediaType, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType
from litestar.params import FromPath

from milepost.credentials.api.wiring import ISSUING
from milepost.credentials.domain.refusals import ImageRefused, TooManyImages
from milepost.credentials.images.raster import MAX_BYTES
from milepost.credentials.images.store import MAX_IMAGES, Images
from milepost.credentials.issuers.addresses import Addresses
from milepost.credentials.issuers.public_routes import NotPublished
from milepost.web.openapi.documented_answers import Answers
from milepost.web.problems import BodyTooLarge
from milepost.web.requests.commands import Call
from milepost.web.requests.etags import etag_matches

AnyRequest: TypeAlias = Request[Any, Any, Any]
SUFFIX: Final = ".png"
_BINARY: Final = OpenAPIMediaType(
    schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
)


class ImageView(msgspec.Struct, frozen=True, kw_only=True):
    """`image` goes into a definition or an issuer's profile; at `url` everybody sees it."""

    image: str
    url: str
    width: int
    height: int


class Pictures(msgspec.Struct, frozen=True):
    """What the routes are given to work with."""

    images: Images
    addresses: Addresses


@post(
    "/images",
    summary="Upload a picture",
    status_code=200,
    request_max_body_size=MAX_BYTES,
    answers=Answers(
        refusals=(
            BodyTooLarge(MAX_BYTES),
            ImageRefused("not_png_or_jpeg"),
            TooManyImages(MAX_IMAGES),
        ),
        request_body=RequestBody(
            required=True,
            description="A PNG or a JPEG as it is; its bytes tell which.",
            content=dict.fromkeys(("image/png", "image/jpeg"), _BINARY),
        ),
    ),
    roles=ISSUING,
)
async def upload_image(request: Call, pictures: NamedDependency[Pictures]) -> ImageView:
    """For an achievement, or an issuer's logo: at most 2 MiB, 6,000,000 pixels and 4,096 a side,
    at least 64. Kept is a PNG of its pixels alone, at most 640 wide and high; a school has 500 at
    most. Safe to repeat: the same picture is the same `image`.

    Roles: issuer, registrar, operator, service.
    """
    tenant = request.user.tenant
    raster = await pictures.images.raster(await request.body())
    digest = sha256(raster.png).hexdigest()
    await pictures.images.keep(tenant, digest, raster.png)
    url = pictures.addresses.image(tenant, digest)
    return ImageView(image=digest, url=url, width=raster.width, height=raster.height)


@get("/images/{tenant:str}/{file:str}", opt={"public": True}, include_in_schema=False)
async def get_image(
    request: AnyRequest,
    tenant: FromPath[str],
    file: FromPath[str],
    pictures: NamedDependency[Pictures],
) -> Response[bytes]:
    """Never another picture at the same address."""
    digest = file.removesuffix(SUFFIX)
    png = await pictures.images.read(tenant, digest) if file.endswith(SUFFIX) else None
    if png is None:
        raise NotPublished
    etag = f'"{digest}"'
    headers = {
        "ETag": etag,
        "Cache-Control": "public, max-age=31536000, immutable",
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Content-Type": "image/png",
    }
    if etag_matches(request, etag):
        return Response(b"", status_code=304, headers=headers)
    return Response(png, headers=headers)


def routes(pictures: Pictures) -> tuple[Router, Router]:
    dependencies = {"pictures": Provide(lambda: pictures, sync_to_thread=False)}
    staff = Router(
        "/credentials",
        route_handlers=[upload_image],
        dependencies=dependencies,
        tags=["credentials"],
    )
    return staff, Router("/", route_handlers=[get_image], dependencies=dependencies)
