-- Does it count that this account shows it? Not while they are hidden. `uses` of a photo is how many accounts have a use
-- that counts.
alter table photo_uses add column counted boolean not null default true;
