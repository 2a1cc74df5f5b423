-- The smaller pictures are kept as JPEG too, for whoever does not read WebP. Pictures that were kept before have no JPEG, and
-- everybody gets their WebP. From now on the key of a blob is the SHA-256 of all its pictures, and not of the original alone: what
-- is uploaded again shares nothing with what was kept before, so that neither the format nor the usage tells anybody that it was
-- there. In a rollout the release before deletes a new picture without its JPEGs, which the sweep finds, and takes them off nobody's
-- usage. What is there is checked by 0054_jpegs_checked.sql, which locks nobody out.
alter table blobs
    add column large_jpeg_size bigint,
    add column small_jpeg_size bigint,
    add column thumb_jpeg_size bigint,
    add constraint blobs_jpeg_sizes_together check (num_nulls(large_jpeg_size, small_jpeg_size, thumb_jpeg_size) in (0, 3)) not valid;
