-- An insert is answered when its part has been flushed to the disk, with the folder that names it: what was acknowledged outlives a loss of
-- power. Merges are not flushed (what they merged stays until they are known to be whole). Each statement may run again.

ALTER TABLE evaluation_events MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;

ALTER TABLE track_events MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;

ALTER TABLE flag_counts MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;
