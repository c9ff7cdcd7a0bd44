package dev.stitchd.ruleset.trace;

import dev.stitchd.kernel.Json;
import dev.stitchd.ruleset.Facts;
import dev.stitchd.ruleset.Segment;
import dev.stitchd.ruleset.evaluation.EvaluationRun;
import java.util.Locale;
import tools.jackson.databind.node.ObjectNode;

/// Explains a segment: where its lists have the context's key, and its condition.
public final class SegmentTrace {

  private SegmentTrace() {}

  static ObjectNode of(Segment segment, EvaluationRun run, Shown shown, ConditionTrace conditions) {
    var node = Json.object().put("outcome", ConditionTrace.outcome(run.inSegment(segment.key())));
    if (segment.unsupported() != null) {
      node.put("unsupported", segment.unsupported());
    }
    node.put("contextType", segment.contextType());
    shown.putKey(node, segment.contextType());
    var list = segment.list();
    if (list != null) {
      node.putObject("list")
          .put("membership", membership(segment, run))
          .put("generation", list.generation())
          .put("version", list.version());
    }
    var matcher = segment.matcher();
    if (matcher != null) {
      node.set("when", conditions.of(matcher));
    }
    return node;
  }

  private static String membership(Segment segment, EvaluationRun run) {
    var key = run.context().keyOf(segment.contextType());
    var membership = key == null ? Facts.Membership.UNKNOWN : run.facts().of(segment.key(), key);
    return membership.name().toLowerCase(Locale.ROOT);
  }
}
