package dev.stitchd.load;

import java.util.BitSet;
import java.util.UUID;

/// What ClickHouse holds of numbered blocks of events, beside what it should hold.
///
/// @param events different ids, in all blocks
/// @param rows with what was written twice and is counted once
/// @param wrongBlocks blocks that should be there and are not, are not whole, or should not be
record BlockLedger(long events, long rows, long wrongBlocks) {

  /// The last twelve digits of an id are the block's number and the position in it.
  private static final String BLOCKS =
      """
      SELECT reinterpretAsUInt32(reverse(unhex(substring(toString(id), 25, 8)))) AS block, uniqExact(id), count()
      FROM evaluation_events WHERE environment_id = '%s' GROUP BY block FORMAT TSV
      """;

  /// @param blocks numbered from 1 on
  static BlockLedger of(ClickHouse clickHouse, UUID environment, long blocks, int batch) {
    var whole = new BitSet();
    long events = 0;
    long rows = 0;
    long wrong = 0;
    for (var line : clickHouse.run(BLOCKS.formatted(environment)).lines().toList()) {
      var numbers = line.split("\t");
      var block = Long.parseLong(numbers[0]);
      var unique = Long.parseLong(numbers[1]);
      events += unique;
      rows += Long.parseLong(numbers[2]);
      if (unique == batch && block >= 1 && block <= blocks) {
        whole.set((int) block);
      } else {
        wrong++;
      }
    }
    return new BlockLedger(events, rows, wrong + blocks - whole.cardinality());
  }
}
