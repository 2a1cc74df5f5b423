-- What belongs beside a photo wherever it is shown. Nothing of it is there where photo has not told it: what was first shown before
-- it told such things is asked for.
alter table photos
    -- An identifier of SPDX, or `all-rights-reserved`.
    add column license text,
    -- Whom to name, in the owner's words.
    add column credit text,
    add column animated boolean,
    add constraint photos_details_together check (num_nonnulls(license, credit, animated) in (0, 3));

create index photos_undetailed on photos (owner, id) where license is null;
