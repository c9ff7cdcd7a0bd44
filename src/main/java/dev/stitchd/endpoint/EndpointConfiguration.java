package dev.stitchd.endpoint;

import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/// Hangs the SDK plane into the HTTP server.
@Configuration(proxyBeanMethods = false)
final class EndpointConfiguration {

  @Bean
  WebServerFactoryCustomizer<NettyReactiveWebServerFactory> sdkPlaneRoutes(SdkPlane plane) {
    var whole = plane.whole();
    return factory -> factory.addRouteProviders(whole);
  }
}
