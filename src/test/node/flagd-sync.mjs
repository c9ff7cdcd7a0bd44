// The real flagd provider in-process, told on standard output what it does, one JSON object a line. Ends with its input.
//
// node flagd-sync.mjs <port> <SDK key> <flag> <targeting key>
import { FlagdProvider } from '@openfeature/flagd-provider';
import { OpenFeature, ProviderEvents } from '@openfeature/server-sdk';

const [port, key, flag, targetingKey] = process.argv.slice(2);
const say = (what) => process.stdout.write(JSON.stringify(what) + '\n');
const client = OpenFeature.getClient();
const details = async () => {
  const { value, variant, errorCode } = await client.getBooleanDetails(flag, false, { targetingKey });
  return { value, variant: variant ?? '', errorCode: errorCode ?? '' };
};

for (const event of [ProviderEvents.ConfigurationChanged, ProviderEvents.Stale, ProviderEvents.Error, ProviderEvents.Ready]) {
  OpenFeature.addHandler(event, async (what) => say({ event, flags: what?.flagsChanged ?? [], ...(await details()) }));
}
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
try {
  await OpenFeature.setProviderAndWait(
    new FlagdProvider({
      host: '127.0.0.1',
      port: Number(port),
      resolverType: 'in-process',
      selector: 'apiKey=' + key,
      deadlineMs: 10000,
      retryBackoffMs: 200,
      retryBackoffMaxMs: 1000,
    }),
  );
  say({ ready: true, ...(await details()) });
} catch (e) {
  say({ failed: String(e.message) });
}
