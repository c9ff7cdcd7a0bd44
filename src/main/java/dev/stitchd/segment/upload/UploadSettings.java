package dev.stitchd.segment.upload;

import dev.stitchd.kernel.Allowed;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/// How uploads of lists are read; `STITCHD_LISTS_…`.
///
/// @param members most members of one list that an upload may bring, duplicates included
/// @param imports most uploads that one process reads at the same time; more are refused
/// @param importThreads threads that inflate and read them
/// @param chunkRows most members that go to PostgreSQL in one transaction
/// @param chunkSize most bytes of such a chunk; an upload holds three of them
/// @param errorsListed how many unreadable lines an import names; the others are counted
/// @param idle how long an upload may bring nothing before it is given up
@ConfigurationProperties("stitchd.lists")
public record UploadSettings(
    @DefaultValue("50000000") long members,
    @DefaultValue("2") int imports,
    @Allowed(to = "1024") @DefaultValue("2") int importThreads,
    @DefaultValue("4096") int chunkRows,
    @Allowed(from = "1KB", to = "1GB") @DefaultValue("1MB") DataSize chunkSize,
    @DefaultValue("20") int errorsListed,
    @DefaultValue("60s") Duration idle) {}
