// flagd's engine for JavaScript, in both of its modes. Reads one JSON object a line, {set, asks: [{flag, type, context}]}, and answers
// each with one: {modes: [[{variant, value} or {error}, one for each ask], …]}. Ends with its input.
import { createInterface } from 'node:readline';
import { FlagdCore } from '@openfeature/flagd-core';

const quiet = { error() {}, warn() {}, info() {}, debug() {} };
const cores = [false, true].map(
  (disableDynamicCodeGeneration) => new FlagdCore(undefined, quiet, { disableDynamicCodeGeneration }),
);
const kinds = { boolean: 'Boolean', string: 'String', integer: 'Number', number: 'Number', json: 'Object' };

const ask = (core, { flag, type, context }) => {
  try {
    const answer = core[`resolve${kinds[type]}Evaluation`](flag, null, context, quiet);
    return answer.errorCode
      ? { error: `${answer.errorCode}: ${answer.errorMessage}` }
      : { variant: answer.variant, value: answer.value };
  } catch (e) {
    return { error: `${e.code ?? e.name}: ${e.message}` };
  }
};

for await (const line of createInterface({ input: process.stdin })) {
  const { set, asks } = JSON.parse(line);
  const modes = cores.map((core) => {
    core.setConfigurations(set);
    return asks.map((one) => ask(core, one));
  });
  process.stdout.write(JSON.stringify({ modes }) + '\n');
}
