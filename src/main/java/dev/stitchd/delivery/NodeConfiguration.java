package dev.stitchd.delivery;

import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/// Names the node.
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(NodeSettings.class)
class NodeConfiguration {

  @Bean
  NodeName nodeName(NodeSettings settings) {
    return NodeName.of(settings);
  }
}
