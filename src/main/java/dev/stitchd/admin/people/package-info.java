/// The routes of people: API tokens, and what roles may do. A part of the management API.
@CheckReturnValue
@NullMarked
package dev.stitchd.admin.people;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
