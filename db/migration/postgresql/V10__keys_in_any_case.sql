-- Keys of flags and segments may have capitals, and two that differ by nothing else would be taken for one by people.
CREATE UNIQUE INDEX ON feature_flags (tenant_id, project_id, lower(key COLLATE "C"));
CREATE UNIQUE INDEX ON segments (tenant_id, environment_id, lower(key COLLATE "C"));
