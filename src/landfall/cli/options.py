"""The arguments and options that several commands share, with one help text each."""

from typing import Annotated

import typer

Url = Annotated[
    str, typer.Option("--url", envvar="LANDFALL_URL", help="Where the engine's API is.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, one value per line.")]
OrderId = Annotated[str, typer.Argument(help="The order's id.")]
SomeOrder = Annotated[str | None, typer.Argument(help="The order's id; without it, all orders.")]
TokenIn = Annotated[str, typer.Argument(help="What is paid: a symbol or a mint address.")]
TokenOut = Annotated[str, typer.Argument(help="What is bought: a symbol or a mint address.")]
Amount = Annotated[str, typer.Argument(help="How much, in the token's own unit, such as 1.5.")]
Slippage = Annotated[str | None, typer.Option(help="A fraction, 0.01 is 1 %; or auto.")]
MaxSlippage = Annotated[
    str | None, typer.Option(help="With --slippage auto: at most this fraction.")
]
ExactOut = Annotated[bool, typer.Option("--exact-out", help="The amount is of what is bought.")]

URL = "http://127.0.0.1:3000"
