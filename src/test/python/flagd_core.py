"""flagd's engine for Python. Reads one JSON object a line, {set, asks: [{flag, type, context}]}, and answers each with one:
{modes: [[{variant, value} or {error}, one for each ask]]}. Ends with its input."""

import json
import logging
import sys

from openfeature.contrib.tools.flagd.core import FlagdCore
from openfeature.evaluation_context import EvaluationContext

logging.disable(logging.CRITICAL)
core = FlagdCore()


def ask(one):
    attributes = dict(one["context"])
    context = EvaluationContext(attributes.pop("targetingKey", None), attributes)
    kind = {"number": "float", "json": "object"}.get(one["type"], one["type"])
    try:
        answer = getattr(core, f"resolve_{kind}_value")(one["flag"], None, context)
        return {"variant": answer.variant, "value": answer.value}
    except Exception as e:
        return {"error": f"{type(e).__name__}: {e}"}


for line in sys.stdin:
    told = json.loads(line)
    core.set_flags(told["set"])
    print(json.dumps({"modes": [[ask(one) for one in told["asks"]]]}), flush=True)
