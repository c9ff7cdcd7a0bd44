package dev.stitchd.flagd.evaluation;

import dev.stitchd.kernel.Allowed;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/// Evaluation for flagd's providers; `STITCHD_FLAGD_EVALUATION_…`.
///
/// @param maxContext a larger context is refused as invalid
/// @param keepAlive how often an event stream says that it lives
@ConfigurationProperties("stitchd.flagd.evaluation")
record EvaluationSettings(
    @Allowed(to = "1GB") @DefaultValue("64KB") DataSize maxContext,
    @DefaultValue("20s") Duration keepAlive) {}
