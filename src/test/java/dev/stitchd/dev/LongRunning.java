package dev.stitchd.dev;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Order;

/// A test class that takes most of a minute: it begins before those that are soon done, so that the
/// whole run does not end with waiting for it alone.
@Order(1)
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface LongRunning {}
