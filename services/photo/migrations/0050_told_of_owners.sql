-- What was told of somebody's photos has their words in it, which have to go with everything else when they are erased.
create index outbox_photos_of_owner on outbox ((fact ->> 'owner')) where fact ->> 'kind' = 'photo.changed';
