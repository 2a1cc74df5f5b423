-- Must everything of this owner be kept from everybody?
create function owner_is_hidden(of_owner text) returns boolean
language sql stable parallel safe as $$
    select is_hidden(substr(of_owner, length('account:') + 1)::bigint)
$$;

-- Objects of an account that is being erased, whose deletion is owed to a job: until that is done, it is not forgotten.
create table erasing_objects (
    account bigint not null,
    object_key text not null,
    constraint erasing_objects_pkey primary key (account, object_key)
);

-- Whether one of them is still owed is asked again and again.
create index jobs_object_key on jobs ((payload ->> 'object_key'));
create index photo_uses_account on photo_uses (account);
