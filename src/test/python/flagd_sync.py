"""The real flagd provider in-process, told on standard output what it does, one JSON object a line. Ends with its input.

python flagd_sync.py <port> <SDK key> <flag> <targeting key>"""

import json
import os
import queue
import sys
import threading

from openfeature import api
from openfeature.contrib.provider.flagd import FlagdProvider
from openfeature.contrib.provider.flagd.config import ResolverType
from openfeature.evaluation_context import EvaluationContext
from openfeature.event import ProviderEvent

port, key, flag, targeting_key = sys.argv[1:]
client = api.get_client()


def say(**what):
    print(json.dumps(what), flush=True)


def details():
    answer = client.get_boolean_details(flag, False, EvaluationContext(targeting_key))
    return {"value": answer.value, "variant": answer.variant or "", "errorCode": str(answer.error_code or "")}


# handlers only note: one that asks for a flag waits for whoever waits for the handler
events = queue.SimpleQueue()


def told(event):
    return lambda what: events.put({"event": event, "flags": list(what.flags_changed or [])})


for name, event in {
    "changed": ProviderEvent.PROVIDER_CONFIGURATION_CHANGED,
    "stale": ProviderEvent.PROVIDER_STALE,
    "error": ProviderEvent.PROVIDER_ERROR,
    "ready": ProviderEvent.PROVIDER_READY,
}.items():
    api.add_handler(event, told(name))

api.set_provider_and_wait(
    FlagdProvider(
        host="127.0.0.1",
        port=int(port),
        resolver_type=ResolverType.IN_PROCESS,
        selector="apiKey=" + key,
        deadline_ms=10000,
        retry_backoff_ms=200,
        retry_backoff_max_ms=1000,
    )
)
say(ready=True, **details())


def end_with_input():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_input, daemon=True).start()
while True:
    say(**events.get(), **details())
