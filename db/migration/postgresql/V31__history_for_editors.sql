-- What the log says to people besides what it says to SDKs: why a revision was made, and what of a flag's targeting is not published
-- (descriptions, weights as they were asked for, earlier layouts), so that a revision can be shown and restored as it was written.

ALTER TABLE environment_changes
  ADD COLUMN comment text,     -- the author's, the same in all rows of a revision
  ADD COLUMN targeting json;   -- a flag's, as the API answers it; '{}' if the item says all of it; null where no version before this one kept it
