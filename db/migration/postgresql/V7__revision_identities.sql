-- What a revision is, beside its number: after a restored backup or a fail-over that lost commits, another revision has the same number.
-- Each gets 60 bits by chance in the transaction that makes it, whoever makes it, and a node compares those that it has with these.

ALTER TABLE environments
  ADD COLUMN identity bigint NOT NULL DEFAULT 0,  -- of the current revision; 0 for none, as before the first revision
  ADD COLUMN epoch uuid;                          -- of this environment alone, once its history was found broken; else the installation's

-- Identities of the past, which outlive the log: 128 to a row, eight bytes each; zeros where none is known.
CREATE TABLE environment_revisions (
  tenant_id      uuid NOT NULL,
  environment_id uuid NOT NULL,
  block          bigint NOT NULL,                 -- revision / 128
  identities     bytea NOT NULL,
  PRIMARY KEY (environment_id, block),
  FOREIGN KEY (tenant_id, environment_id) REFERENCES environments (tenant_id, id) ON DELETE CASCADE
) WITH (fillfactor = 50);

CREATE FUNCTION revision_identity(environment uuid, revision bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT ('x' || encode(substring(identities FROM (8 * (revision % 128) + 1)::int FOR 8), 'hex'))::bit(64)::bigint
    FROM environment_revisions WHERE environment_id = environment AND block = revision / 128
$$;

CREATE FUNCTION identify_revision() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  place int := (8 * (NEW.revision % 128))::int;
  identity bytea := substring(uuid_send(gen_random_uuid()) FOR 8);
BEGIN
  INSERT INTO environment_revisions AS past (tenant_id, environment_id, block, identities)
    VALUES (NEW.tenant_id, NEW.id, NEW.revision / 128, decode(repeat('00', place), 'hex') || identity)
    ON CONFLICT (environment_id, block) DO UPDATE
      SET identities = substring(past.identities || decode(repeat('00', place), 'hex') FOR place) || identity;
  NEW.identity := ('x' || encode(identity, 'hex'))::bit(64)::bigint;
  RETURN NEW;
END $$;

CREATE TRIGGER identify_revision BEFORE UPDATE OF revision ON environments FOR EACH ROW
  WHEN (NEW.revision IS DISTINCT FROM OLD.revision) EXECUTE FUNCTION identify_revision();

GRANT SELECT, INSERT, UPDATE ON environment_revisions TO stitchd_app;
GRANT SELECT ON environment_revisions TO stitchd_reader;
GRANT SELECT (identity, epoch), UPDATE (epoch) ON environments TO stitchd_reader; -- a node that finds a history broken replaces its epoch

ALTER TABLE environment_revisions ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON environment_revisions TO stitchd_app
  USING (tenant_id = NULLIF(current_setting('stitchd.tenant', true), '')::uuid);
CREATE POLICY of_sdk_plane ON environment_revisions FOR SELECT TO stitchd_reader USING (true);
CREATE POLICY of_sdk_plane_epoch ON environments FOR UPDATE TO stitchd_reader USING (true);
