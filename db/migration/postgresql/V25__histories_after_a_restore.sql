-- For whoever has restored a backup. A node that has a revision that was lost notices by itself; once none is left that has one, nobody knows
-- that cursors of it were handed out. Then this says so: each environment's history is a new one, all its cursors are void, and keys are checked
-- again. Answers how many environments there are.
--
-- The owner's, as bringing the schema up to date is, so it says so by itself, for its transaction.
CREATE FUNCTION stitchd_begin_new_histories() RETURNS bigint
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  begun bigint;
BEGIN
  IF row_security_active('public.environments')
     AND NOT EXISTS (SELECT FROM pg_policy p JOIN pg_roles r ON r.oid = ANY (p.polroles)
                      WHERE p.polrelid = 'public.environments'::regclass AND p.polname = 'of_owner' AND r.rolname = current_user) THEN
    RAISE EXCEPTION 'the policies of the tables do not name %', current_user
      USING HINT = 'Run this as the owner of the tables. If that is another one than before, start a node as that owner first, which sets the policies.';
  END IF;
  PERFORM set_config('stitchd.owner', 'on', true);
  UPDATE public.environments
     SET epoch = gen_random_uuid(), access_version = access_version + 1 + floor(random() * 1073741824)::bigint;
  GET DIAGNOSTICS begun = ROW_COUNT;
  RETURN begun;
END $$;
REVOKE ALL ON FUNCTION stitchd_begin_new_histories() FROM PUBLIC;
