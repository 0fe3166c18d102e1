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
    RequestBody,
    Schema,
)

from landfall.api.aliases import DECIMAL, FIELDS, INTEGER, TEXT, Field
from landfall.api.parts import HttpRequest

INTRODUCTION = (
    "Submit an order, follow it until the ledger has decided. Amounts are decimal strings in the "
    "token's own unit; fields ending in BaseUnits are the integers the chain moves. Every error "
    'has the shape {"error": {"code", "message", "field"}}. Updates come over WebSockets: '
    "/api/orders/{orderId}/ws or /api/orders/execute?orderId=…, history first, one message per "
    "change with orderId, status, version, timestamp and data; ?after=version resumes. Without "
    "orderId, send the order as the first message on /api/orders/execute."
)

_BODY_PATHS = ("/api/orders/execute", "/api/orders/quote")
_EXAMPLE = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1.5", "slippage": "0.01"}
_ERRORS = {
    "400": "The request cannot be read.",
    "404": "There is no such thing here.",
    "409": "The client order id was used for another request.",
    "413": "The body is larger than 64 KiB.",
    "415": "The body is not plain application/json.",
    "422": "The order asks for something impossible; error.field names the field.",
    "500": "Something went wrong on our side.",
    "503": "A part does not answer; Retry-After says when to ask again.",
}
_BODY_ERRORS = frozenset({"409", "413", "415", "422"})


def complete(document: OpenAPI) -> None:
    """Add the order's body and the shape of errors to the document."""
    for path, item in (document.paths or {}).items():
        for operation in (item.get, item.post):
            if operation is None:
                continue
            takes_body = path in _BODY_PATHS
            if takes_body:
                operation.request_body = _request_body()
            operation.responses = operation.responses or {}
            for status, sentence in _ERRORS.items():
                if takes_body or status not in _BODY_ERRORS:
                    operation.responses[status] = _error(sentence)


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
    return _PAGE.format(
        introduction=escape(INTRODUCTION), fields=fields, operations="".join(operations)
    )


def _request_body() -> RequestBody:
    content = OpenAPIMediaType(
        schema=body_schema(), examples={"market order": Example(value=_EXAMPLE)}
    )
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


def _error(sentence: str) -> OpenAPIResponse:
    text = Schema(type=OpenAPIType.STRING)
    error = Schema(
        type=OpenAPIType.OBJECT,
        properties={
            "code": text,
            "message": text,
            "field": Schema(type=[OpenAPIType.STRING, OpenAPIType.NULL]),
        },
        required=["code", "message", "field"],
    )
    shape = Schema(type=OpenAPIType.OBJECT, properties={"error": error}, required=["error"])
    return OpenAPIResponse(
        description=sentence, content={"application/json": OpenAPIMediaType(schema=shape)}
    )


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
</head><body><h1>Landfall API</h1><p>{introduction}</p>
<p>The whole description for machines: <a href="/openapi.json">/openapi.json</a></p>
<h2>The body of an order</h2><table>{fields}</table>
<h2>Paths</h2>{operations}</body></html>"""
