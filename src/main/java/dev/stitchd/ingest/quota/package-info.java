/// How much may be sent: tokens that are leased from PostgreSQL, and addresses on this node. A part
/// of its room: nothing here is for others.
@CheckReturnValue
@NullMarked
package dev.stitchd.ingest.quota;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
