package dev.stitchd.membership;

import dev.stitchd.kernel.Allowed;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/// How large a question may be; `STITCHD_MEMBERSHIP_DOOR_…`.
///
/// @param maxBody a larger body is not read to its end; 1 000 keys of 512 bytes must fit
@ConfigurationProperties("stitchd.membership.door")
record MembershipEndpointSettings(@Allowed(to = "1GB") @DefaultValue("1MB") DataSize maxBody) {}
