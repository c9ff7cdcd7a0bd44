package dev.stitchd.permission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GrantsTest {

  private static final Grant EDITOR_OF_STAGING = new Grant(Role.EDITOR, "web", "staging");
  private static final Grant EDITOR_OF_WEB = new Grant(Role.EDITOR, "web", null);
  private static final Grant PUBLISHER_OF_WEB = new Grant(Role.PUBLISHER, "web", null);

  private static Grants grants(Grant... all) {
    return new Grants(List.of(all));
  }

  @Test
  void aRoleInAProjectReachesItsEnvironmentsAndNotTheOtherWayRound() {
    assertThat(grants(EDITOR_OF_WEB).may(Role.EDITOR, "web", "staging")).isTrue();
    assertThat(grants(EDITOR_OF_STAGING).may(Role.EDITOR, "web", "staging")).isTrue();
    assertThat(grants(EDITOR_OF_STAGING).may(Role.EDITOR, "web", "production")).isFalse();
    assertThat(grants(EDITOR_OF_STAGING).may(Role.EDITOR, "web", null)).isFalse();
    assertThat(grants(EDITOR_OF_WEB).may(Role.VIEWER, "shop", null)).isFalse();
  }

  @Test
  void onlyPublishersChangeProduction() {
    assertThat(grants(EDITOR_OF_WEB).mayChange("web", "production", true)).isFalse();
    assertThat(grants(EDITOR_OF_WEB).mayChange("web", "staging", false)).isTrue();
    assertThat(grants(PUBLISHER_OF_WEB).mayChange("web", "production", true)).isTrue();
    assertThat(grants(Grant.of(Role.ADMIN)).mayChange("web", "production", true)).isTrue();
  }

  @Test
  void nobodyGivesMoreThanTheyHave() {
    assertThat(grants(EDITOR_OF_WEB).covers(EDITOR_OF_STAGING)).isTrue();
    assertThat(grants(EDITOR_OF_WEB).covers(new Grant(Role.APPROVER, "web", null))).isTrue();
    assertThat(grants(EDITOR_OF_STAGING).covers(EDITOR_OF_WEB)).isFalse();
    assertThat(grants(EDITOR_OF_WEB).covers(PUBLISHER_OF_WEB)).isFalse();
    assertThat(grants(Grant.of(Role.ADMIN)).covers(Grant.of(Role.OWNER))).isFalse();
    assertThat(grants(Grant.of(Role.OWNER)).covers(Grant.of(Role.ADMIN))).isTrue();
    assertThat(grants(Grant.of(Role.OWNER)).covers(Grant.of(Role.PLATFORM_ADMIN))).isFalse();
    assertThat(Grants.PLATFORM.covers(Grant.of(Role.OWNER))).isTrue();
  }

  @Test
  void aTokenLosesWhatItsPersonLoses() {
    var token = grants(EDITOR_OF_STAGING, PUBLISHER_OF_WEB);

    assertThat(token.within(grants(EDITOR_OF_WEB))).isEqualTo(grants(EDITOR_OF_STAGING));
    assertThat(token.within(Grants.NONE).all()).isEmpty();
    assertThat(token.within(Grants.PLATFORM)).isEqualTo(token);
  }

  @Test
  void whoHasRolesInEnvironmentsSeesThoseAlone() {
    var some = grants(EDITOR_OF_STAGING, new Grant(Role.VIEWER, "shop", null));

    assertThat(some.projectsSeen()).containsExactly("web", "shop");
    assertThat(some.wholeProjectsSeen()).containsExactly("shop");
    assertThat(some.environmentsSeen("web")).containsExactly("staging");
    assertThat(some.environmentsSeen("shop")).isNull();
    assertThat(some.environmentsSeen("other")).isEmpty();
    assertThat(Grants.PLATFORM.projectsSeen()).isNull();
  }

  @Test
  void aFlagThatProductionServesIsChangedByPublishersOfEachSuchEnvironment() {
    var scope = new PathScope("web", null, false, Set.of("eu", "us"), Set.of("eu", "us"));
    var oneOnly = grants(EDITOR_OF_WEB, new Grant(Role.PUBLISHER, "web", "eu"));

    assertThat(Need.EDIT_FLAG.grantedBy(oneOnly, scope)).isFalse();
    assertThat(Need.EDIT_FLAG.grantedBy(oneOnly, scope.servedIn(Set.of("eu")))).isTrue();
    assertThat(Need.EDIT_FLAG.grantedBy(grants(EDITOR_OF_WEB), scope.servedIn(Set.of()))).isTrue();
    assertThat(
            Need.EDIT_FLAG.grantedBy(
                grants(new Grant(Role.PUBLISHER, "web", "eu")), scope.servedIn(Set.of())))
        .isFalse();
  }

  @Test
  void aRoleIsGivenForWhatItIsARoleOf() {
    assertThatThrownBy(() -> Grant.of(Role.EDITOR)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Grant(Role.OWNER, "web", null))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
