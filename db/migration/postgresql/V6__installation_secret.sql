-- The secret that an installation signs with unless STITCHD_SECRET gives it one: one row, made here, so that all nodes have the same.
-- 366 bits of the server's own cryptographic generator, hashed.
CREATE TABLE installation_secret (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  secret    bytea NOT NULL
);
INSERT INTO installation_secret (secret)
  VALUES (sha256(convert_to(concat(gen_random_uuid(), gen_random_uuid(), gen_random_uuid()), 'UTF8')));

-- Read once by each node as it starts, as the platform; never by a tenant's transaction and never with the rights of the SDK plane.
GRANT SELECT ON installation_secret TO stitchd_app;
ALTER TABLE installation_secret ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_platform ON installation_secret TO stitchd_app USING (current_setting('stitchd.platform', true) = 'on');

-- A stream token names its key by id alone.
CREATE UNIQUE INDEX ON sdk_keys (id);
