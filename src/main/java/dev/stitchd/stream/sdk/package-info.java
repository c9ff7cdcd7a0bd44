/// What SDKs are told: snapshots encoded once for all of them, the stream that carries them, and
/// polls. A part of its room: nothing here is for others.
@CheckReturnValue
@NullMarked
package dev.stitchd.stream.sdk;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
