package dev.stitchd.segment;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Transactions;
import io.r2dbc.spi.Readable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// Whole lists, for whoever has to hand them out; only those of a few members. Safe from any
/// thread.
@Component
public final class ShortLists {

  /// Which state of a list.
  public record Version(long generation, long version) {}

  /// @param known states whose members whoever asks has already; they are not read again
  /// @param most members of a list, on both its sides
  /// @param together members of all lists, which are taken in the order of their keys
  public record Question(
      TenantId tenant,
      EnvironmentId environment,
      Set<String> segments,
      Set<Version> known,
      long most,
      long together) {}

  /// @param members on both sides; null if they are known
  public record ShortList(Version version, @Nullable List<Member> members) {}

  /// A member of a list, or none.
  record Row(String segment, Version version, boolean isKnown, @Nullable Member member) {

    static Row of(Readable row) {
      return new Row(
          Columns.text(row, "segment_key"),
          new Version(Columns.number(row, "generation"), Columns.number(row, "version")),
          Columns.bool(row, "known"),
          row.get("context_key") == null ? null : Member.of(row));
    }
  }

  private final Transactions transactions;

  ShortLists(Transactions transactions) {
    this.transactions = transactions;
  }

  /// The lists of these segments as they are at one moment, by the segment's key; without those
  /// that are too long. Fails as the store does if it cannot be asked. Emits on an R2DBC event
  /// loop.
  public Mono<Map<String, ShortList>> read(Question asked) {
    return transactions.inTenant(
        asked.tenant(),
        session -> {
          var lists = new HashMap<String, ShortList>();
          return MemberRows.shortLists(session, asked, row -> add(row, lists)).thenReturn(lists);
        });
  }

  private static void add(Row row, Map<String, ShortList> lists) {
    var list =
        lists.computeIfAbsent(
            row.segment(),
            _ -> new ShortList(row.version(), row.isKnown() ? null : new ArrayList<>()));
    if (row.member() != null && list.members() != null) {
      list.members().add(row.member());
    }
  }
}
