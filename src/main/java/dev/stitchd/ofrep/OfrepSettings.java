package dev.stitchd.ofrep;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/// How large an evaluation request may be; `STITCHD_OFREP_…`.
///
/// @param maxBody a larger body is not read to its end
/// @param maxContext a larger context is refused as invalid
@ConfigurationProperties("stitchd.ofrep")
record OfrepSettings(
    @DefaultValue("256KB") DataSize maxBody, @DefaultValue("64KB") DataSize maxContext) {}
