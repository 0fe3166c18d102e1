"""The page at `/`: the console where one runs, else a plain page to place and watch an order.

The plain page is one file and loads nothing from anywhere.
"""

import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

from litestar import MediaType, Response, get
from litestar.response import Redirect

from landfall.api.parts import GivenParts, HttpRequest

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
async def page(request: HttpRequest, parts: GivenParts) -> Response[str]:
    """Send the browser to the console on the same host, or answer with the plain page.

    The plain page comes with a policy that lets it run nothing but its own script.
    """
    port = parts.config.console_port
    if port is not None:
        # The guard has checked the name in the Host header.
        host = request.url.hostname or "127.0.0.1"
        in_url = f"[{host}]" if ":" in host else host
        return Redirect(f"{request.url.scheme}://{in_url}:{port}/")
    return Response(
        _HTML,
        media_type=MediaType.HTML,
        headers={"content-security-policy": _POLICY, "x-frame-options": "DENY"},
    )
