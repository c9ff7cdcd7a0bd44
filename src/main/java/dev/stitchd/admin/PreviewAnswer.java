package dev.stitchd.admin;

import dev.stitchd.kernel.Json;
import dev.stitchd.ruleset.Explanation;
import tools.jackson.databind.node.ObjectNode;

/// A preview as JSON: what an SDK would be given, and the trace.
final class PreviewAnswer {

  private static final String TODAY =
      "members of lists have no history: this is the past with the lists of today";

  private PreviewAnswer() {}

  static ObjectNode of(Explanation explanation, long revision, boolean past) {
    var evaluation = explanation.evaluation();
    var body = Json.object().put("flag", evaluation.flagKey()).put("revision", revision);
    var type = evaluation.type();
    if (type != null) {
      body.put("type", type.wire());
    }
    body.put("variant", evaluation.variant()).set("value", evaluation.value());
    body.put("reason", evaluation.reason().name());
    var rule = evaluation.ruleId();
    if (rule != null) {
      body.put("ruleId", rule);
    }
    var error = evaluation.error();
    if (error != null) {
      body.put("errorCode", error.name());
    }
    body.put("degraded", evaluation.degraded());
    if (past) {
      body.put("note", TODAY);
    }
    body.set("trace", explanation.trace());
    return body;
  }
}
