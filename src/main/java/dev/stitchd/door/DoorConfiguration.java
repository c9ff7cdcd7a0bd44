package dev.stitchd.door;

import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/// Hangs the door into the HTTP server.
@Configuration(proxyBeanMethods = false)
final class DoorConfiguration {

  @Bean
  WebServerFactoryCustomizer<NettyReactiveWebServerFactory> shortWays(Door door) {
    return factory -> factory.addRouteProviders(door);
  }
}
