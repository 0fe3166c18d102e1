"""The API's own description: what the framework cannot derive, and a page that needs no network.

The order's body is parsed by hand, so its schema is drawn here from the table of aliases. The page
at /docs is plain HTML made from the same OpenAPI document; it loads nothing from anywhere.
"""

from html import escape
from typing import Any

from litestar import MediaType, get
from litestar.openapi.spec import (
    Example,
    OpenAPI,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Parameter,
    Reference,
    RequestBody,
    Schema,
    SecurityScheme,
)

from landfall.api.aliases import DECIMAL, FIELDS, INTEGER, TEXT, Field
from landfall.api.errors import Problem
from landfall.api.guard import OPEN_PATHS
from landfall.api.parts import HttpRequest
from landfall.core.errors import RejectionReason
from landfall.core.order import TEXT_LENGTH_MAX

INTRODUCTION = (
    "Submit an order, follow it until the ledger has decided. Amounts are decimal strings in the "
    "token's own unit; fields ending in BaseUnits are the integers the chain moves. Every error "
    'has the shape {"error": {"code", "message", "field"}}.\n\n'
    "One order over a WebSocket: /api/orders/{orderId}/ws or /api/orders/execute?orderId=…, its "
    "history first, one message per change with orderId, status, version, timestamp and data; "
    "?after=version resumes. Without orderId, send the order as the first message on "
    "/api/orders/execute.\n\n"
    "All the caller's orders: /api/orders/ws, with a cursor beside each message; ?after=cursor "
    'resumes, {"subscribe": [ids]} narrows, and ?everyMs=1000 tells in lists, a second apart.\n\n'
    "A WebSocket is opened with the API key in a header, or with ?ticket= from POST /api/ws-ticket."
)

_BODY_PATHS = ("/api/orders/execute", "/api/orders/quote")
_EXAMPLE = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1.5", "slippage": "0.01"}
_EXAMPLES = {
    "sell exactly 1.5 SOL": _EXAMPLE,
    "buy exactly 100 USDC, at most 50 basis points worse than quoted": {
        "tokenIn": "SOL",
        "tokenOut": "USDC",
        "amount": "100",
        "swapMode": "ExactOut",
        "slippageBps": 50,
        "clientOrderId": "rebalance-2026-11-21",
    },
}
_KEY_SCHEMES = {
    "bearer": SecurityScheme(
        type="http", scheme="bearer", description="An API key; see `landfall keys create`."
    ),
    "apiKey": SecurityScheme(
        type="apiKey", name="X-API-Key", security_scheme_in="header", description="The same key."
    ),
}

_IDEMPOTENCY_KEY = Parameter(
    name="Idempotency-Key",
    param_in="header",
    required=False,
    description="The same as clientOrderId: the same key with the same request is the same order, "
    "for ever; with another request it is a 409.",
    schema=Schema(
        type=OpenAPIType.STRING, min_length=1, max_length=TEXT_LENGTH_MAX, pattern="^[ -~]+$"
    ),
    example="rebalance-2026-11-21",
)

_Status = tuple[str, str, tuple[Problem | RejectionReason, ...]]
_ALWAYS: tuple[_Status, ...] = (
    ("421", "This server is not known by the name in Host.", (Problem.HOST_NOT_ALLOWED,)),
    ("500", "Something went wrong on our side.", (Problem.INTERNAL_ERROR,)),
)
_WITH_A_KEY: tuple[_Status, ...] = (
    ("400", "The request cannot be read.", (Problem.INVALID_PARAMETER, Problem.UNKNOWN_PARAMETER)),
    (
        "401",
        "An API key is needed, or this one opens nothing.",
        (Problem.KEY_NEEDED, Problem.INVALID_KEY),
    ),
    (
        "403",
        "The key lacks a scope, or the page's origin is not allowed.",
        (Problem.SCOPE_MISSING, Problem.ORIGIN_NOT_ALLOWED),
    ),
    ("429", "Too many requests; Retry-After says when to come back.", (Problem.RATE_LIMITED,)),
    ("503", "A part does not answer; Retry-After says when to ask again.", (Problem.UNAVAILABLE,)),
)
_OF_AN_ORDER: tuple[_Status, ...] = (
    ("404", "No order of the caller's has this id.", (Problem.ORDER_NOT_FOUND,)),
)
_OF_A_TOKEN: tuple[_Status, ...] = (
    ("404", "There is no token by that symbol or mint address.", (Problem.NOT_FOUND,)),
)
_OF_CANCELLING: tuple[_Status, ...] = (
    ("409", "Something of the order is in flight, or it has ended.", (Problem.NOT_CANCELLABLE,)),
)
_OF_A_LIST: tuple[_Status, ...] = (
    (
        "422",
        "The cursor is of no earlier page, or the offset too deep.",
        (RejectionReason.WRONG_TYPE,),
    ),
)
_WITH_A_BODY: tuple[_Status, ...] = (
    ("400", "The request cannot be read.", (Problem.MALFORMED_BODY, Problem.INVALID_PARAMETER)),
    ("408", "The body did not arrive in time.", (Problem.BAD_REQUEST,)),
    (
        "409",
        "The idempotency key was used for another request.",
        (RejectionReason.IDEMPOTENCY_CONFLICT,),
    ),
    ("413", "The body is larger than 64 KiB.", (Problem.BODY_TOO_LARGE,)),
    (
        "415",
        "The body is not plain application/json.",
        (Problem.UNSUPPORTED_MEDIA_TYPE, Problem.UNSUPPORTED_ENCODING),
    ),
    (
        "422",
        "The order asks for something impossible; error.field names the field.",
        tuple(each for each in RejectionReason if each is not RejectionReason.IDEMPOTENCY_CONFLICT),
    ),
    (
        "429",
        "Too many requests or orders; nothing was stored.",
        (Problem.RATE_LIMITED, Problem.QUEUE_FULL, Problem.TOO_MANY_OPEN_ORDERS),
    ),
    (
        "503",
        "Nothing happened, or nobody knows yet; error.code says which.",
        (Problem.UNAVAILABLE, Problem.DISK_FULL, Problem.DRAINING, Problem.OUTCOME_UNKNOWN),
    ),
)


def complete(document: OpenAPI) -> None:
    """Add the order's body, keys, idempotency and the errors of each operation to the document."""
    document.components.security_schemes = dict(_KEY_SCHEMES)
    for path, item in (document.paths or {}).items():
        for operation in (item.get, item.post, item.delete):
            if operation is not None:
                _complete(path, operation)


def _complete(path: str, operation: Operation) -> None:
    statuses = list(_ALWAYS)
    if path not in OPEN_PATHS:
        operation.security = [{name: []} for name in _KEY_SCHEMES]
        statuses += _WITH_A_KEY
    if "{order_id}" in path:
        statuses += _OF_AN_ORDER
    if "/tokens/{" in path:
        statuses += _OF_A_TOKEN
    if "Cancel" in (operation.summary or ""):
        statuses += _OF_CANCELLING
    if path == "/api/orders":
        statuses += _OF_A_LIST
    if path in _BODY_PATHS:
        operation.request_body = _request_body()
        statuses += _WITH_A_BODY
    if path == "/api/orders/execute":
        operation.parameters = [*(operation.parameters or []), _IDEMPOTENCY_KEY]
    operation.responses = operation.responses or {}
    for status, sentence, codes in statuses:
        operation.responses[status] = _error(sentence, codes)


def body_schema() -> Schema:
    """The JSON Schema of an order's body; every alias is a property of its own."""
    required = [field for field in FIELDS if field.required]
    return Schema(
        type=OpenAPIType.OBJECT,
        properties={name: _property(field, name) for field in FIELDS for name in field.names},
        required=[field.names[0] for field in required if len(field.names) == 1],
        all_of=[
            Schema(one_of=[Schema(required=[name]) for name in field.names])
            for field in required
            if len(field.names) > 1
        ],
        additional_properties=False,
    )


@get("/docs", media_type=MediaType.HTML, include_in_schema=False)
async def page(request: HttpRequest) -> str:
    """The description as one page of plain HTML."""
    document = request.app.openapi_schema.to_schema()
    operations = [
        _operation(path, method, operation)
        for path, item in sorted(document["paths"].items())
        for method, operation in item.items()
    ]
    fields = "".join(_row(field) for field in FIELDS)
    introduction = "".join(f"<p>{escape(each)}</p>" for each in INTRODUCTION.split("\n\n"))
    return _PAGE.format(introduction=introduction, fields=fields, operations="".join(operations))


def _request_body() -> RequestBody:
    examples: dict[str, Example | Reference] = {
        name: Example(value=value) for name, value in _EXAMPLES.items()
    }
    content = OpenAPIMediaType(schema=body_schema(), examples=examples)
    return RequestBody(content={"application/json": content}, required=True)


def _property(field: Field, name: str) -> Schema:
    alias_of = "" if name == field.names[0] else f"Alias of {field.names[0]}. "
    text = Schema(type=OpenAPIType.STRING)
    number = Schema(type=OpenAPIType.NUMBER)
    sentence = alias_of + field.sentence
    match field.kind:
        case kind if kind == DECIMAL:
            return Schema(one_of=[number, text], description=sentence)
        case kind if kind == INTEGER:
            return Schema(type=OpenAPIType.INTEGER, description=sentence)
        case kind:
            assert kind == TEXT
            return Schema(type=OpenAPIType.STRING, description=sentence)


def _error(sentence: str, codes: tuple[Problem | RejectionReason, ...]) -> OpenAPIResponse:
    text = Schema(type=OpenAPIType.STRING)
    words = [code.value for code in codes]
    error = Schema(
        type=OpenAPIType.OBJECT,
        properties={
            "code": Schema(type=OpenAPIType.STRING, description=f"Such as {', '.join(words)}."),
            "message": text,
            "field": Schema(type=[OpenAPIType.STRING, OpenAPIType.NULL]),
        },
        required=["code", "message", "field"],
    )
    shape = Schema(type=OpenAPIType.OBJECT, properties={"error": error}, required=["error"])
    examples: dict[str, Example | Reference] = {
        word: Example(value={"error": {"code": word, "message": sentence, "field": None}})
        for word in words
    }
    content = OpenAPIMediaType(schema=shape, examples=examples)
    return OpenAPIResponse(description=sentence, content={"application/json": content})


def _row(field: Field) -> str:
    names = " = ".join(f"<code>{escape(name)}</code>" for name in field.names)
    needed = "required" if field.required else ""
    return f"<tr><td>{names}</td><td>{needed}</td><td>{escape(field.sentence)}</td></tr>"


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    parameters = "".join(
        f"<li><code>{escape(each['name'])}</code> ({escape(each['in'])})</li>"
        for each in operation.get("parameters", ())
    )
    return (
        f"<h3>{method.upper()} <code>{escape(path)}</code></h3>"
        f"<p>{escape(operation.get('description') or operation.get('summary') or '')}</p>"
        f"<ul>{parameters}</ul>"
    )


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Landfall API</title>
<style>body{{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}}
code{{background:#eee;padding:0 .2em}}td{{padding:.2em .8em .2em 0;vertical-align:top}}</style>
</head><body><h1>Landfall API</h1>{introduction}
<p>The whole description for machines: <a href="/openapi.json">/openapi.json</a></p>
<h2>The body of an order</h2><table>{fields}</table>
<h2>Paths</h2>{operations}</body></html>"""
