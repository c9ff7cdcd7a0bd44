package dev.stitchd.ruleset.condition;

import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.kernel.JsonFields;
import java.util.regex.Pattern;

/// Reads the field `contextType`.
public final class ContextTypes {

  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_-]{0,99}");

  private ContextTypes() {}

  /// The type named by the field, `user` if there is none; a name that no context can hold is
  /// noted.
  public static String read(JsonFields fields) {
    var name = fields.text("contextType", JsonFields.MAX_TEXT);
    if (name == null) {
      return EvaluationContext.USER;
    }
    if (!NAME.matcher(name).matches()) {
      fields.error(
          "contextType", "must be a name of letters, digits, dashes and underscores, at most 100");
    }
    return name;
  }
}
