/// Looks after ClickHouse's schema: migrations, how long events are kept. A part of its room:
/// nothing here is for others.
@CheckReturnValue
@NullMarked
package dev.stitchd.warehouse.schema;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
