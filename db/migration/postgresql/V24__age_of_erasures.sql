-- Since when an erasure waits to be done: since it was asked for, or since events came late after it was done.
ALTER TABLE erasures ADD COLUMN open_since timestamptz NOT NULL DEFAULT now();

-- How many erasures are not done, and for how many seconds the oldest has waited, in all tenants: nobody's in particular.
CREATE FUNCTION stitchd_erasures_open()
  RETURNS TABLE (open bigint, oldest bigint)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT count(*), COALESCE(extract(epoch FROM now() - min(e.open_since))::bigint, 0) FROM public.erasures e
   WHERE e.state <> 'done' AND current_setting('stitchd.platform', true) = 'on';
END $$;

REVOKE ALL ON FUNCTION stitchd_erasures_open() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION stitchd_erasures_open() TO stitchd_app;
