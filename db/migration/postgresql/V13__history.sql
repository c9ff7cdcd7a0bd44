-- The log reaches back as far as the named history; of what is older it keeps each item's newest row. Superseded rows, and removals
-- that old, go in batches.

ALTER TABLE environments
  ADD COLUMN pruned bigint NOT NULL DEFAULT 0;    -- the newest revision that superseded a row that is gone: what was published before it is not known any more
GRANT SELECT (pruned) ON environments TO stitchd_reader;
