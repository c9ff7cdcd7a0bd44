/// **From admission to durability**: a bounded queue, batches that are written and retried, and the
/// port to whatever stores events. An event that was acknowledged is durable; one that was refused
/// is not kept. While the store is out, batches wait on disk as the bytes that they will be stored
/// as; what the store refuses for good becomes a dead letter. Bounded by count and bytes from
/// admission until the event is settled, wherever it waits in between. A batch whose outcome is
/// unknown is written again whole, under its token; only a batch that was definitely refused is
/// split, until the bad event is alone and dead.
///
/// May use: `kernel`, `background`, `disk`. Threads: offers are safe from any thread and never
/// wait; after the queue everything runs on the scheduler named `delivery`, and whatever touches
/// files on `disk`.
@ApplicationModule(allowedDependencies = {"kernel", "background", "disk"})
@CheckReturnValue
@NullMarked
package dev.stitchd.delivery;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
