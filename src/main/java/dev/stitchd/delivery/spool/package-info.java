/// The way over the disk: batches that wait, their replay, dead letters. A part of its room:
/// nothing here is for others.
@CheckReturnValue
@NullMarked
package dev.stitchd.delivery.spool;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
