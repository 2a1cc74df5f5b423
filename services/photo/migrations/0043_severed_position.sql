-- A grant says how far its signer had heard of relation and told itself when it decided, and no clock is asked whether that was
-- before a severance: here is the last place in the outbox that told of it by then, and when that was noted. Null where an older
-- version noted the severance, while a platform is updated, and of another time than the severance where one noted it anew: then
-- times are compared. One table a file, from here on: whoever waits for the lock of one must not hold that of another, which a
-- request takes first.
alter table severed add column position bigint, add column position_at timestamptz;
