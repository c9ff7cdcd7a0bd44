/// **The event store**, ClickHouse: writes batches, answers analytical queries from the first
/// received row of each event, brings its own schema up to date. The server starts and runs without
/// it; batches wait meanwhile and queries are answered with 503.
///
/// May use: `kernel`, `postgres`, `delivery`. Threads: inserts and pings run on Netty's event loops
/// and never block; rows are encoded on `delivery`. The R2DBC driver blocks and is fenced in
/// `ClickHouseR2dbc` on the scheduler `warehouse`, Flyway in `WarehouseMigration` on
/// `warehouse-migration`.
@ApplicationModule(allowedDependencies = {"kernel", "background", "postgres", "delivery"})
@CheckReturnValue
@NullMarked
package dev.stitchd.warehouse;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
