"""The habits of the house: names that say what, modules of one idea, one module that sends."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src/landfall"
MODULES = sorted(SOURCE.rglob("*.py"))
MODULE_LINES_MAX = 300
# The habit is 40; a table written as a `match` may take a screen.
FUNCTION_LINES_MAX = 60

VAGUE = {"base", "common", "helper", "helpers", "manager", "misc", "service", "util", "utils"}


def relative(module: Path) -> str:
    return module.relative_to(SOURCE).as_posix()


def function_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """From the signature to the last statement, without the docstring."""
    assert function.end_lineno is not None
    docstring = ast.get_docstring(function, clean=False)
    prose = docstring.count("\n") + 1 if docstring is not None else 0
    return function.end_lineno - function.lineno + 1 - prose


def long_functions(source: str) -> list[str]:
    functions = (
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return [f.name for f in functions if function_lines(f) > FUNCTION_LINES_MAX]


def touches(source: str, *path: str) -> bool:
    """Does the source reach through this attribute path, as in `world.signer.sign`?"""
    wanted = ".".join(path)
    return any(
        f".{ast.unparse(node)}".endswith(f".{wanted}")
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute)
    )


@pytest.mark.parametrize("module", MODULES, ids=relative)
def test_every_module_opens_with_what_it_is_for(module):
    docstring = ast.get_docstring(ast.parse(module.read_text()))
    assert docstring, f"{relative(module)} has no docstring"


def test_no_module_is_named_after_its_vagueness():
    vague = [relative(m) for m in MODULES if VAGUE & {*m.relative_to(SOURCE).with_suffix("").parts}]
    assert vague == []


def test_no_module_is_long():
    long = [relative(m) for m in MODULES if len(m.read_text().splitlines()) > MODULE_LINES_MAX]
    assert long == []


@pytest.mark.parametrize("module", MODULES, ids=relative)
def test_functions_fit_on_a_screen(module):
    assert long_functions(module.read_text()) == []


def test_a_long_function_is_seen():
    body = "    x = 1\n" * FUNCTION_LINES_MAX
    assert long_functions(f"def short():\n{body[10:]}") == []
    assert long_functions(f"def long():\n{body}") == ["long"]


def test_only_one_module_of_the_pipeline_sends():
    senders = {relative(m) for m in MODULES if touches(m.read_text(), "sender", "send")}
    assert senders == {"pipeline/submitted.py"}
    holders = {relative(m) for m in MODULES if touches(m.read_text(), "world", "sender")}
    assert holders == {"pipeline/submitted.py"}


def test_only_one_module_of_the_pipeline_signs():
    signers = {relative(m) for m in MODULES if touches(m.read_text(), "signer", "sign")}
    assert signers == {"pipeline/building.py"}


def test_the_module_that_sends_cannot_sign_and_the_one_that_signs_cannot_send():
    sending = (SOURCE / "pipeline/submitted.py").read_text()
    signing = (SOURCE / "pipeline/building.py").read_text()
    assert not touches(sending, "sign")
    assert not touches(signing, "send")
    assert not touches(signing, "sender")


@pytest.mark.parametrize("source", ["await world.sender.send(t)", "s = world.sender"])
def test_a_second_sender_is_seen(source):
    assert touches(source, "world", "sender")
