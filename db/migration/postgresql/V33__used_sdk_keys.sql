-- When an SDK key was last used, to the minute or so, by whatever node.
ALTER TABLE sdk_keys ADD COLUMN last_used_at timestamptz;

CREATE POLICY of_functions_used ON sdk_keys FOR UPDATE TO CURRENT_USER USING (current_setting('role') IN ('stitchd_app', 'stitchd_reader'));

-- Notes that keys were used lately. Another node may just note the same ones, or revoke one: then they are noted by the next that is used.
CREATE FUNCTION stitchd_sdk_keys_used(asked uuid[]) RETURNS bigint
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  noted bigint;
BEGIN
  UPDATE public.sdk_keys k SET last_used_at = now()
   WHERE k.id IN (SELECT u.id FROM public.sdk_keys u
                   WHERE u.id = ANY (asked) AND (u.last_used_at IS NULL OR u.last_used_at < now() - interval '30 seconds')
                   ORDER BY u.id FOR UPDATE SKIP LOCKED)
     AND current_setting('stitchd.platform', true) = 'on';
  GET DIAGNOSTICS noted = ROW_COUNT;
  RETURN noted;
END $$;

REVOKE ALL ON FUNCTION stitchd_sdk_keys_used(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION stitchd_sdk_keys_used(uuid[]) TO stitchd_app;
