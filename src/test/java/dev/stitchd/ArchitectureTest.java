package dev.stitchd;

import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import dev.stitchd.background.BackgroundJob;
import dev.stitchd.postgres.Session;
import io.r2dbc.spi.Connection;
import java.time.Clock;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.context.Lifecycle;
import org.springframework.context.annotation.Configuration;
import org.springframework.modulith.core.ApplicationModules;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// The house rules that the compiler does not know.
@AnalyzeClasses(packages = "dev.stitchd", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule nobodyBlocks =
      ArchRuleDefinition.noClasses()
          .should()
          .callMethodWhere(
              new com.tngtech.archunit.base.DescribedPredicate<
                  com.tngtech.archunit.core.domain.JavaMethodCall>(
                  "block a thread on a publisher") {
                @Override
                public boolean test(com.tngtech.archunit.core.domain.JavaMethodCall call) {
                  var owner = call.getTargetOwner();
                  return (owner.isAssignableTo(Mono.class) || owner.isAssignableTo(Flux.class))
                      && (call.getName().startsWith("block")
                          || call.getName().equals("toIterable")
                          || call.getName().equals("toStream"));
                }
              })
          .because("an event loop that waits stops every connection it serves");

  @ArchTest
  static final ArchRule noBeanDependsOnASetting =
      ArchRuleDefinition.noClasses()
          .should()
          .dependOnClassesThat()
          .haveNameMatching(
              ".*\\.(ConditionalOnProperty|ConditionalOnBooleanProperty|ConditionalOnExpression|Profile)")
          .because("which beans there are is decided when the server is built");

  @ArchTest
  static final ArchRule onlyBackgroundJobsSubscribe =
      ArchRuleDefinition.noClasses()
          .that()
          .areNotAssignableTo(BackgroundJob.class)
          .and()
          .resideOutsideOfPackage("dev.stitchd.background..")
          .should()
          .callMethodWhere(
              new com.tngtech.archunit.base.DescribedPredicate<
                  com.tngtech.archunit.core.domain.JavaMethodCall>("subscribe to a publisher") {
                @Override
                public boolean test(com.tngtech.archunit.core.domain.JavaMethodCall call) {
                  var owner = call.getTargetOwner();
                  return (owner.isAssignableTo(Mono.class) || owner.isAssignableTo(Flux.class))
                      && call.getName().equals("subscribe");
                }
              })
          .because("background work has one owner that logs its end and drains it at shutdown");

  @ArchTest
  static final ArchRule oneRoomKnowsTheLifecycle =
      ArchRuleDefinition.noClasses()
          .that()
          .resideOutsideOfPackage("dev.stitchd.background..")
          .should()
          .beAssignableTo(Lifecycle.class)
          .because(
              "the order of start and stop is one enum, StartOrder, and work is a BackgroundJob");

  @ArchTest
  static final ArchRule statementsStandInRows =
      ArchRuleDefinition.noClasses()
          .that()
          .haveNameNotMatching(".*Rows(\\$.*)?")
          .and()
          .resideOutsideOfPackages("dev.stitchd.postgres..", "dev.stitchd.warehouse..")
          .should()
          .callMethodWhere(
              new com.tngtech.archunit.base.DescribedPredicate<
                  com.tngtech.archunit.core.domain.JavaMethodCall>("give PostgreSQL a statement") {
                @Override
                public boolean test(com.tngtech.archunit.core.domain.JavaMethodCall call) {
                  var owner = call.getTargetOwner();
                  return owner.isAssignableTo(Session.class)
                      || (owner.isAssignableTo(Connection.class)
                          && call.getName().equals("createStatement"));
                }
              })
          .because("whoever looks for the statements on a table finds them in one kind of class");

  @ArchTest
  static final ArchRule theEvaluatorNeedsNoServer =
      ArchRuleDefinition.noClasses()
          .that()
          .resideInAnyPackage("dev.stitchd.ruleset..", "dev.stitchd.kernel..")
          .and()
          .doNotHaveSimpleName("package-info")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "org.springframework..", "reactor..", "io.netty..", "io.r2dbc..", "io.micrometer..")
          .because("what decides runs wherever there is Java, also inside other programs");

  @ArchTest
  static final ArchRule timeIsInjected =
      ArchRuleDefinition.noClasses()
          .that()
          .resideOutsideOfPackage("..runtime..")
          .should()
          .callMethod(Instant.class, "now")
          .orShould()
          .callMethod(Clock.class, "systemUTC")
          .orShould()
          .callMethod(System.class, "currentTimeMillis")
          .allowEmptyShould(true)
          .because("tests run in virtual time; runtime alone makes the clock");

  @ArchTest
  static final ArchRule configurationStaysInItsRoom =
      ArchRuleDefinition.classes()
          .that()
          .areAnnotatedWith(Configuration.class)
          .should()
          .notHaveModifier(JavaModifier.PUBLIC)
          .allowEmptyShould(true)
          .because("a room shows its services, not how they are put together");

  @ArchTest
  static final ArchRule settingsStayInTheirRoom =
      ArchRuleDefinition.classes()
          .that()
          .areAnnotatedWith(ConfigurationProperties.class)
          .and()
          .resideInAPackage("dev.stitchd.*")
          .should()
          .notHaveModifier(JavaModifier.PUBLIC)
          .allowEmptyShould(true)
          .because(
              "settings are their room's own; those in a part of a room may be seen by its other parts, since no other room sees parts");

  @Test
  void everyArrowBetweenRoomsIsDeclared() {
    ApplicationModules.of(StitchdApplication.class).verify();
  }
}
