-- Row-level security binds the owner of the tables too, whom a connection would serve as that gave up its role. The owner's one task is to
-- bring the schema up to date, for which it says so: SET stitchd.owner = 'on'. Foreign keys are checked and cascade all the same.
-- A table of a later migration is forced in that migration.
DO $$
DECLARE
  t regclass;
BEGIN
  FOR t IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relrowsecurity LOOP
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY of_owner ON %s TO CURRENT_USER USING (current_setting(''stitchd.owner'', true) = ''on'')', t);
  END LOOP;
END $$;

-- A history that is found broken has been an environment's own for long.
REVOKE UPDATE (epoch) ON installation FROM stitchd_reader;

-- The owner may take the roles and has none of their rights before it does, as far as PostgreSQL can tell the two apart.
DO $$
BEGIN
  IF current_setting('server_version_num')::int >= 160000 THEN
    EXECUTE 'GRANT stitchd_app, stitchd_reader TO CURRENT_USER WITH INHERIT FALSE, SET TRUE';
  END IF;
END $$;
