package dev.stitchd.ruleset;

/// A compiled condition.
@FunctionalInterface
interface Matcher {

  Truth test(Run run);
}
