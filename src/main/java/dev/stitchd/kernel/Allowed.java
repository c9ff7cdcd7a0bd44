package dev.stitchd.kernel;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// What a number, duration or size of a settings record may be, as its user writes it. Without it
/// everything is allowed that is more than nothing.
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Allowed {

  /// The least; empty for one, one millisecond, one byte.
  String from() default "";

  /// The most; empty for as much as the type holds.
  String to() default "";
}
