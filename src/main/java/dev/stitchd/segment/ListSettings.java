package dev.stitchd.segment;

import dev.stitchd.kernel.Allowed;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// How lists are changed and exported; `STITCHD_LISTS_…`.
///
/// @param answerAfter how long an answer waits after the upload's last byte; then it says that the
///   import is running
/// @param importsKept past imports that are remembered for each segment
/// @param changesWaiting most changes of single members that wait or are being made in one process;
///   more are refused
/// @param changedTogether most keys of one transaction of more than one change
/// @param exportPage members that an export reads at a time
@ConfigurationProperties("stitchd.lists")
record ListSettings(
    @Allowed(from = "0s") @DefaultValue("30s") Duration answerAfter,
    @DefaultValue("20") int importsKept,
    @DefaultValue("2000") int changesWaiting,
    @DefaultValue("10000") int changedTogether,
    @DefaultValue("5000") int exportPage) {}
