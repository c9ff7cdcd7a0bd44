package dev.stitchd.ruleset.condition;

import dev.stitchd.ruleset.ItemName;
import java.util.List;

/// One place where an item names another.
///
/// @param path within the item, as `rules[2].when.all[0]`
/// @param variants of the named flag; empty for a segment
public record Reference(ItemName target, String path, List<String> variants) {}
