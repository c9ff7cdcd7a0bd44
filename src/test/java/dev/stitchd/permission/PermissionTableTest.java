package dev.stitchd.permission;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// `docs/permissions.md` is made of the table that the server enforces.
class PermissionTableTest {

  private static final Path PAGE = Path.of("docs/permissions.md");

  private static final PathScope STAGING =
      new PathScope("web", "staging", false, Set.of("production"), Set.of());
  private static final PathScope PRODUCTION =
      new PathScope("web", "production", true, Set.of("production"), Set.of("production"));

  /// `-Dstitchd.write-docs=true` writes the page anew.
  @Test
  void thePageForUsersSaysWhatTheTableSays() throws IOException {
    if (Boolean.getBoolean("stitchd.write-docs")) {
      Files.writeString(PAGE, page());
    }
    assertThat(Files.readString(PAGE))
        .as("docs/permissions.md; -Dstitchd.write-docs=true writes it anew")
        .isEqualTo(page());
  }

  private static String page() {
    var lines = new ArrayList<String>();
    lines.add("# Who may do what");
    lines.add("");
    lines.add(
        "Made from the table that the server enforces (`dev.stitchd.permission.Permissions`); the same is answered by `GET /api/v1/roles`. A test calls every route as every role and compares. What the caller's tenant does not have is 404 for everybody; what a role does not allow is 403.");
    lines.add("");
    lines.add("## Roles");
    lines.add("| role | given for | may |");
    lines.add("|---|---|---|");
    for (var role : Role.values()) {
      lines.add(
          "| `%s` | %s | %s |"
              .formatted(
                  role.wireName(),
                  switch (role.level()) {
                    case PLATFORM -> "the platform";
                    case TENANT -> "a tenant";
                    case PROJECT -> "a project, or one environment of it";
                  },
                  role.meaning()));
    }
    lines.add("");
    lines.add(
        "A role in one environment reaches what lies in that environment; the project itself and its flags are seen with it. A production environment *serves* a flag if the flag is enabled there, or if an enabled flag has it as a prerequisite, directly or through others.");
    lines.add("");
    lines.add("## What routes need");
    lines.add("| need | who has it |");
    lines.add("|---|---|");
    for (var need : Need.values()) {
      lines.add("| %s | %s |".formatted(need.who(), holders(need)));
    }
    lines.add("");
    lines.add("## Routes");
    lines.add("| route | needs |");
    lines.add("|---|---|");
    for (var row : Permissions.rows()) {
      lines.add("| `%s %s` | %s |".formatted(row.method(), row.path(), row.need().who()));
    }
    return String.join("\n", lines) + "\n";
  }

  private static String holders(Need need) {
    return Arrays.stream(Role.values())
        .map(role -> holder(need, role))
        .filter(text -> !text.isEmpty())
        .collect(Collectors.joining(", "));
  }

  private static String holder(Need need, Role role) {
    var grants =
        new Grants(
            List.of(
                role.level() == Role.Level.PROJECT
                    ? new Grant(role, "web", null)
                    : Grant.of(role)));
    var staging = need.grantedBy(grants, STAGING);
    var production = need.grantedBy(grants, PRODUCTION);
    if (need == Need.REMOVE_PROJECT) { // of two kinds of projects
      staging = need.grantedBy(grants, new PathScope("web", null, false, Set.of(), Set.of()));
    }
    if (production) {
      return "`" + role.wireName() + "`";
    }
    return staging ? "`" + role.wireName() + "` (not production)" : "";
  }
}
