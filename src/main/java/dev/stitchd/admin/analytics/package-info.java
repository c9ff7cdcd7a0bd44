/// The routes of questions about events: counts, exposures, contexts, what is live, exports, and
/// the erasure of what is kept of a person. A part of the management API.
@CheckReturnValue
@NullMarked
package dev.stitchd.admin.analytics;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
