package dev.stitchd.resource;

/// The keys by which people name an environment.
public record EnvironmentNames(String project, String environment) {}
