"""The page at `/`: place an order and watch it, with nothing loaded from anywhere."""

import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

from litestar import MediaType, Response, get

_HTML = (files("landfall.api") / "page.html").read_text(encoding="utf-8")


def _hash_of(tag: str) -> str:
    """What a browser must find between these tags to use it."""
    found = re.search(f"<{tag}>(.*?)</{tag}>", _HTML, re.DOTALL)
    assert found is not None
    return f"'sha256-{b64encode(sha256(found[1].encode()).digest()).decode()}'"


_POLICY = (
    f"default-src 'none'; script-src {_hash_of('script')}; style-src {_hash_of('style')}; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@get("/", media_type=MediaType.HTML, include_in_schema=False)
async def page() -> Response[str]:
    """The page, and a policy that lets it run nothing but its own script."""
    return Response(
        _HTML,
        media_type=MediaType.HTML,
        headers={"content-security-policy": _POLICY, "x-frame-options": "DENY"},
    )
