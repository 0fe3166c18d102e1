// Ask the official SDKs for the quotes that come in on stdin, and time each.
import { CpAmm, swapQuoteExactInput } from "@meteora-ag/cp-amm-sdk";
import { CurveCalculator } from "@raydium-io/raydium-sdk-v2";
import { Connection } from "@solana/web3.js";
import BN from "bn.js";

const SECONDS = 0.5;
// Only for its decoder: nothing is ever asked of it.
const meteora = new CpAmm(new Connection("http://127.0.0.1:1"));

const SDKS = {
  meteora_damm_v2(asked) {
    const pool = meteora._program.coder.accounts.decode(
      "pool",
      Buffer.from(asked.pool, "base64"),
    );
    const [now, amount] = [new BN(asked.now), new BN(asked.amount)];
    return () =>
      swapQuoteExactInput(pool, now, amount, 0, true, false, ...asked.decimals);
  },
  raydium_cpmm(asked) {
    const [amount, x, y, trade, creator] = [
      asked.amount, ...asked.reserves, asked.tradeRate, asked.creatorRate,
    ].map((number) => new BN(number));
    const none = new BN(0);
    return () =>
      CurveCalculator.swapBaseInput(amount, x, y, trade, creator, none, none, true);
  },
};

let input = "";
for await (const chunk of process.stdin) input += chunk;
const answers = {};
for (const [venue, asked] of Object.entries(JSON.parse(input))) {
  const quote = SDKS[venue](asked);
  const outAmount = quote().outputAmount.toString();
  let calls = 0;
  const began = performance.now();
  while (performance.now() - began < SECONDS * 1000) {
    for (let i = 0; i < 100; i++) quote();
    calls += 100;
  }
  answers[venue] = { outAmount, microseconds: ((performance.now() - began) * 1000) / calls };
}
process.stdout.write(JSON.stringify(answers));
