package dev.stitchd.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AttributePathTest {

  @Test
  void namesAreJoinedByDotsAndQuotedWhereTheyHaveDots() {
    assertThat(AttributePath.names("organization.plan")).containsExactly("organization", "plan");
    assertThat(AttributePath.names("\"app.version\"")).containsExactly("app.version");
    assertThat(AttributePath.names("organization.\"cost.center\".id"))
        .containsExactly("organization", "cost.center", "id");
    assertThat(AttributePath.names("\"\".\"a\"")).containsExactly("", "a");
    assertThat(AttributePath.names("\"say \\\"hi\\\" \\\\.\"")).containsExactly("say \"hi\" \\.");
    assertThat(AttributePath.names("inch\"es.é 日本")).containsExactly("inch\"es", "é 日本");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", ".", "a.", ".a", "a..b", "\"a", "\"a\"b", "\"a\".", "a.\"", "\"a\\\""})
  void otherTextIsNoPath(String text) {
    assertThat(AttributePath.names(text)).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"plan", "app.version", "", "\"", "a\"b", "\\", ".", "say \"a.b\"", "\\.\""})
  void everyNameHasAPathThatLeadsBackToIt(String name) {
    assertThat(AttributePath.names(AttributePath.within("", name))).containsExactly(name);
    assertThat(AttributePath.names(AttributePath.within("a", name))).isEqualTo(List.of("a", name));
    var path = AttributePath.within("a", name);
    assertThat(AttributePath.canonical(path)).isEqualTo(path);
  }

  @Test
  void whatIsHiddenHidesWhatLiesInItHoweverItIsWritten() {
    var hidden = AttributePath.canonical(Set.of("\"email\"", "app.version", "\"cost.center\""));
    for (var path : List.of("email", "email.work", "app.version", "app.version.major")) {
      assertThat(AttributePath.isWithin(path, hidden)).as(path).isTrue();
    }
    for (var path : List.of("\"app.version\"", "\"cost.center\"", "\"cost.center\".id")) {
      assertThat(AttributePath.isWithin(path, hidden)).as(path).isTrue();
    }
    for (var path : List.of("emails", "app", "cost.center", "\"app.versions\"", "x.email")) {
      assertThat(AttributePath.isWithin(path, hidden)).as(path).isFalse();
    }
  }
}
