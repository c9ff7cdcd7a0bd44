/// What is kept encrypted with the installation's secret. The part of the room `access` that other
/// rooms keep their secrets with.
@CheckReturnValue
@NamedInterface("cipher")
@NullMarked
package dev.stitchd.access.cipher;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.NamedInterface;
