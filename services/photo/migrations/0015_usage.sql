-- What each owner's photos take. The row is locked by whoever adds or removes one of them, so that no two uploads at once can
-- pass a quota that has room for one.
create table usage (
    owner text not null,
    photos bigint not null,
    -- Of the objects of all pictures. A picture that one owner has twice counts once, and one that two owners have counts for
    -- both: what others keep is not to be guessed from one's own figures.
    bytes bigint not null,
    constraint usage_pkey primary key (owner),
    constraint usage_photos_counted check (photos >= 0),
    constraint usage_bytes_counted check (bytes >= 0)
);
