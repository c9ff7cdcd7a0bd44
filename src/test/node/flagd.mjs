// The real OpenFeature provider for flagd, told on standard output what it does, one JSON object a line. What it is asked
// comes on standard input in the same form: {"flag":"a","type":"boolean"}. Ends with its input.
//
// node flagd.mjs <rpc|in-process> <port> <SDK key>
import { createInterface } from 'node:readline';
import { FlagdProvider } from '@openfeature/flagd-provider';
import { OpenFeature, ProviderEvents } from '@openfeature/server-sdk';

const [resolverType, port, key] = process.argv.slice(2);
const say = (what) => process.stdout.write(JSON.stringify(what) + '\n');

for (const event of Object.values(ProviderEvents)) {
  OpenFeature.addHandler(event, (details) => say({ event, flags: details?.flagsChanged ?? [] }));
}

const client = OpenFeature.getClient();
const context = { targetingKey: 'u1', plan: 'pro' };
const questions = {
  boolean: (flag) => client.getBooleanDetails(flag, false, context),
  string: (flag) => client.getStringDetails(flag, 'none', context),
  integer: (flag) => client.getNumberDetails(flag, -1, context),
  number: (flag) => client.getNumberDetails(flag, -1, context),
  json: (flag) => client.getObjectDetails(flag, {}, context),
};

try {
  await OpenFeature.setProviderAndWait(
    new FlagdProvider({
      host: '127.0.0.1',
      port: Number(port),
      resolverType,
      defaultAuthority: key + '.flags.example', // the one place that is sent with every call
      deadlineMs: 5000,
      retryBackoffMs: 100,
      retryBackoffMaxMs: 500,
    }),
  );
  say({ ready: true });
} catch (failure) {
  say({ ready: false, why: String(failure) });
}

const lines = createInterface({ input: process.stdin });
for await (const line of lines) {
  const { flag, type } = JSON.parse(line);
  const { value, variant, reason, errorCode } = await questions[type](flag);
  say({ asked: flag, value, variant: variant ?? '', reason: reason ?? '', errorCode: errorCode ?? '' });
}
await OpenFeature.close();
process.exit(0);
