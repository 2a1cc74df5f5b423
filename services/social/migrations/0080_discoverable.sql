-- Relation is told who does not want to be found, so that nobody is suggested whom no search shows. Who said so before was never
-- told of; who is erased has no handle any more, and is forgotten there, too.
insert into outbox (fact)
select jsonb_build_object('kind', 'profile.changed', 'account', id::text, 'discoverable', false)
from profiles where not discoverable and handle <> '';
