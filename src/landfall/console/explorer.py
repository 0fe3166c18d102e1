"""Where a transaction can be looked at: Solana's explorer, told which cluster it is on."""

from urllib.parse import quote, urlencode

from landfall.client import Cluster

EXPLORER = "https://explorer.solana.com"
PUBLIC = ("mainnet-beta", "devnet", "testnet")


def transaction_url(signature: str, cluster: Cluster | None) -> str | None:
    """The page of a transaction; None if the explorer cannot reach its cluster."""
    if cluster is None:
        return None
    page = f"{EXPLORER}/tx/{quote(signature, safe='')}"
    if cluster.name in PUBLIC:
        return page if cluster.name == PUBLIC[0] else f"{page}?cluster={cluster.name}"
    if cluster.rpc_url is None:
        return None
    return f"{page}?{urlencode({'cluster': 'custom', 'customUrl': cluster.rpc_url})}"
