"""The real OpenFeature provider for flagd, told on standard output what it does, one JSON object a line.

What it is asked comes on standard input in the same form: {"flag":"a","type":"boolean"}. Ends with its input.

python flagd.py <rpc|in-process> <port> <SDK key>
"""

import json
import os
import sys
import threading

from openfeature import api
from openfeature.contrib.provider.flagd import FlagdProvider
from openfeature.contrib.provider.flagd.config import ResolverType
from openfeature.evaluation_context import EvaluationContext
from openfeature.event import ProviderEvent

mode, port, key = sys.argv[1:4]
lock = threading.Lock()


def say(**what):
    with lock:
        print(json.dumps(what), flush=True)


def teller(event):
    return lambda details: say(event=event.value, flags=details.flags_changed or [])


for event in ProviderEvent:
    api.add_handler(event, teller(event))

client = api.get_client()
context = EvaluationContext("u1", {"plan": "pro"})
questions = {
    "boolean": lambda flag: client.get_boolean_details(flag, False, context),
    "string": lambda flag: client.get_string_details(flag, "none", context),
    "integer": lambda flag: client.get_integer_details(flag, -1, context),
    "number": lambda flag: client.get_float_details(flag, -1.0, context),
    "json": lambda flag: client.get_object_details(flag, {}, context),
}

try:
    api.set_provider_and_wait(
        FlagdProvider(
            host="127.0.0.1",
            port=int(port),
            resolver_type=ResolverType(mode),
            selector="apiKey=" + key,
            deadline_ms=5000,
            retry_backoff_ms=100,
            retry_backoff_max_ms=500,
            retry_grace_period=0,  # else what it keeps outlives an outage in which it missed a change
        )
    )
    say(ready=True)
except Exception as failure:  # whatever it is, the test is told
    say(ready=False, why=str(failure))

for line in sys.stdin:
    asked = json.loads(line)
    details = questions[asked["type"]](asked["flag"])
    say(
        asked=asked["flag"],
        value=details.value,
        variant=details.variant or "",
        reason=str(details.reason or ""),
        errorCode=details.error_code.value if details.error_code else "",
    )
os._exit(0)  # the provider's threads would stay
