// The real OpenFeature web provider for OFREP, told on standard output what it does, one JSON object a line. Ends with its input.
//
// node ofrep-web.mjs <url> <SDK key> <flag>
import { EventSource } from 'eventsource';
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';
import { OpenFeature, ProviderEvents } from '@openfeature/web-sdk';

const [url, key, flag] = process.argv.slice(2);
const say = (what) => process.stdout.write(JSON.stringify(what) + '\n');

// Everything goes over fetch, the streams of the polyfill included.
const fetch = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  const request = new Request(input, init);
  const path = new URL(request.url);
  const answer = await fetch(request);
  const headers = Object.fromEntries(request.headers);
  say({
    asked: request.method + ' ' + path.pathname,
    query: Object.fromEntries([...path.searchParams].filter(([name]) => name !== 'token')),
    ifNoneMatch: headers['if-none-match'] ?? '',
    lastEventId: headers['last-event-id'] ?? '',
    authorized: 'authorization' in headers,
    status: answer.status,
  });
  return answer;
};
globalThis.EventSource = EventSource; // Node 20 has none of its own

const client = OpenFeature.getClient();
const value = () => client.getBooleanValue(flag, false);
for (const event of [ProviderEvents.ConfigurationChanged, ProviderEvents.Stale, ProviderEvents.Error]) {
  OpenFeature.addHandler(event, (details) => say({ event, flags: details?.flagsChanged ?? [], value: value() }));
}

await OpenFeature.setContext({ targetingKey: 'u1' });
await OpenFeature.setProviderAndWait(
  new OFREPWebProvider({ baseUrl: url, headers: [['Authorization', 'Bearer ' + key]], cacheMode: 'disabled' }),
);
say({ ready: true, value: value() });

process.stdin.on('data', () => say({ value: value() }));
process.stdin.on('end', async () => {
  await OpenFeature.close();
  process.exit(0);
});
