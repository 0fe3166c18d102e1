"""What import rules cannot see: the core has no float, no division, no await and no outside."""

import ast
from pathlib import Path

import pytest

CORE = Path(__file__).resolve().parents[2] / "src/landfall/core"
MODULES = sorted(CORE.rglob("*.py"))

# What the core may import besides itself; None means everything in it.
ALLOWED = {
    "bisect": {"bisect_left", "bisect_right"},
    "collections": None,
    "collections.abc": None,
    "dataclasses": None,
    "decimal": None,
    "enum": None,
    "functools": None,
    "itertools": None,
    "math": {"isqrt"},
    "operator": {"attrgetter"},
    "re": None,
    "struct": {"Struct"},
    "types": {"MappingProxyType"},
    "typing": None,
    "uuid": {"UUID"},
    "solders.address_lookup_table_account": None,
    "solders.compute_budget": None,
    "solders.hash": None,
    "solders.instruction": None,
    "solders.message": None,
    "solders.pubkey": None,
    "solders.signature": None,
    "solders.system_program": None,
    "solders.transaction": None,
}
FORBIDDEN_NAMES = {
    "__import__", "breakpoint", "complex", "eval", "exec", "float", "globals", "input", "open",
    "print",
}  # fmt: skip


def impurities(source: str) -> list[str]:
    """What in this source the core must not have, with its line."""
    return [
        f"line {getattr(node, 'lineno', '?')}: {what}"
        for node in ast.walk(ast.parse(source))
        for what in _of(node)
    ]


def _of(node: ast.AST) -> list[str]:
    match node:
        case ast.Constant(value=float() | complex()):
            return ["a float literal"]
        case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
            return ["true division"]
        case ast.AsyncFunctionDef() | ast.AsyncFor() | ast.AsyncWith() | ast.Await():
            return ["async"]
        case ast.comprehension(is_async=1):
            return ["async"]
        case ast.Name(id=name) if name in FORBIDDEN_NAMES:
            return [name]
        case ast.Import(names=names):
            return [f"import {alias.name}" for alias in names if not _may_be_named(alias.name)]
        case ast.ImportFrom(module=module, names=names):
            return [f"{module}.{a.name}" for a in names if not _may_import(module or "", a.name)]
        case ast.Global() | ast.Nonlocal():
            return ["state outside of a function"]
        case _:
            return []


def _is_ours(module: str) -> bool:
    return module == "landfall.core" or module.startswith("landfall.core.")


def _may_be_named(module: str) -> bool:
    """May the whole module be imported by its name? Not where only some of it is allowed."""
    return _is_ours(module) or ALLOWED.get(module, {}) is None


def _may_import(module: str, name: str) -> bool:
    if _is_ours(module):
        return True
    return module in ALLOWED and (ALLOWED[module] is None or name in ALLOWED[module])


def test_there_is_a_core_to_look_at():
    assert len(MODULES) > 20


@pytest.mark.parametrize("module", MODULES, ids=lambda m: str(m.relative_to(CORE)))
def test_the_core_is_pure(module):
    assert impurities(module.read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        "rate = 0.5",
        "ratio = 1j",
        "half = amount / 2",
        "amount /= 2",
        "price = float(amount)",
        "convert = float",
        "async def quote(): ...",
        "async def f():\n    await g()",
        "rows = [x async for x in g()]",
        "import asyncio",
        "import time",
        "import random",
        "import os",
        "import socket",
        "import logging",
        "import datetime",
        "from datetime import datetime",
        "from uuid import uuid4",
        "from math import sqrt",
        "import math",
        "from solders.keypair import Keypair",
        "from solders.litesvm import LiteSVM",
        "import landfall.ports",
        "from landfall.chain import rpc",
        "import landfall.corelike",
        "print(amount)",
        "data = open('pool.json')",
        "def f():\n    global seen",
    ],
)
def test_impurity_is_seen(source):
    assert impurities(source)


def test_integers_decimals_and_the_core_itself_are_pure():
    assert not impurities(
        "from decimal import Decimal\n"
        "from uuid import UUID\n"
        "import landfall.core.values\n"
        "half = amount // 2\n"
        "price = Decimal(1) * 3\n"
    )
