/// How ClickHouse is spoken to and how it is: the client, the fence around the R2DBC driver, limits
/// of queries, settings. A part of its room: nothing here is for others.
@CheckReturnValue
@NullMarked
package dev.stitchd.warehouse.clickhouse;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
