-- What was kept before 0042_jpegs.sql has no JPEG, and is as it says. Apart from it, as blobs are read and written meanwhile.
alter table blobs validate constraint blobs_jpeg_sizes_together;
