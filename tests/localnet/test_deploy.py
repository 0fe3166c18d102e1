"""Programs come to this chain as they come to a real one: by transactions."""

import struct

from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import CreateAccountParams, create_account

from landfall.core.values import Account
from tests.localnet.chain import MEMO, Chain, opened_chain

LOADER = Pubkey.from_string("BPFLoaderUpgradeab1e11111111111111111111111")
RENT_SYSVAR = Pubkey.from_string("SysvarRent111111111111111111111111111111111")
CLOCK_SYSVAR = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")
DEPLOY, BUFFER = 2, 1
PROGRAM_BYTES = 36


def deployment(chain: Chain, program: Pubkey, buffer: Pubkey, size: int) -> tuple[Instruction, ...]:
    wallet = chain.wallet.pubkey()
    program_data = Pubkey.find_program_address([bytes(program)], LOADER)[0]
    written = [AccountMeta(key, False, True) for key in (program_data, program, buffer)]
    read = [AccountMeta(key, False, False) for key in (RENT_SYSVAR, CLOCK_SYSVAR, Pubkey.default())]
    opening = create_account(
        CreateAccountParams(
            from_pubkey=wallet, to_pubkey=program, lamports=10**9, space=PROGRAM_BYTES, owner=LOADER
        )
    )
    payer, authority = AccountMeta(wallet, True, True), AccountMeta(wallet, True, False)
    metas = [payer, *written, *read, authority]
    return opening, Instruction(LOADER, struct.pack("<IQ", DEPLOY, size), metas)


def test_a_deployed_program_runs_from_the_next_slot_and_after_a_restart(tmp_path, wallet: Keypair):
    program, buffer = Keypair(), Pubkey.new_unique()
    calling = Instruction(program.pubkey(), b"a memo", [])
    with opened_chain(wallet, data=tmp_path) as node:
        chain = Chain(node, wallet)
        code = chain.account(MEMO)
        assert code is not None
        owned = BUFFER.to_bytes(4, "little") + b"\x01" + bytes(wallet.pubkey())
        uploaded = Account(LOADER, 10**10, owned + code.data)
        node.cluster.svm.apply(chain.slot(), {buffer: uploaded})
        deploying = deployment(chain, program.pubkey(), buffer, len(code.data))
        outcome, _ = chain.submit(chain.signed(*deploying, signers=[wallet, program]))
        assert outcome.error is None, outcome.logs
        chain.advance()
        assert chain.run(calling)[0].error is None
        assert chain.account(buffer) is None
    with opened_chain(wallet, data=tmp_path) as node:
        assert Chain(node, wallet).run(calling)[0].error is None
