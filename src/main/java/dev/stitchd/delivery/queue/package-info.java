/// The way through memory: the bounded queue, batches, and whoever writes them. A part of its room:
/// nothing here is for others.
@CheckReturnValue
@NullMarked
package dev.stitchd.delivery.queue;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
