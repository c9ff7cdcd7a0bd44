-- By time, to find what is old without reading what is not, and of removals, for those who come back after long. Publishing waits while
-- they are made, serving does not.

CREATE INDEX ON environment_changes (environment_id, committed_at);
CREATE INDEX ON environment_changes (environment_id, revision) WHERE item IS NULL;

-- The unique index on keys has only projects that are not deleted, which row-level security does not let a look-up use.
CREATE INDEX ON projects (tenant_id, key);
