/// What an installation signs with: the secret of the configuration, or the one that PostgreSQL
/// keeps. A part of the room `access`; other rooms do not see it.
@CheckReturnValue
@NullMarked
package dev.stitchd.access.signing;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
