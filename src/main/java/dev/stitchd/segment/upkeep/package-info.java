/// What goes on in the background: changed lists are announced, imports that lost their process are
/// called failed, unused generations are removed, and bulk work is slowed down while lists are
/// looked up. A part of its room: nothing here is for others.
@CheckReturnValue
@NullMarked
package dev.stitchd.segment.upkeep;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
