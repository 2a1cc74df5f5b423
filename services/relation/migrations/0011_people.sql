-- The people of whom relation knows something. A row is made from a token, or when somebody follows the id.
create table people (
    id bigint not null,
    -- Of the newest token that was seen; null while none was.
    handle text,
    -- When a change was last asked for with a token; null while none was.
    seen_at timestamptz,
    approves_followers boolean not null default false,
    suggestible boolean not null default true,
    -- In the transaction of what they count. What is withheld counts as pending: it uses up the limit and is not shown.
    followers_count int not null default 0,
    following_count int not null default 0,
    friends_count int not null default 0,
    pending_count int not null default 0,
    -- When the suggestions were made; null when they must be made anew.
    suggested_at timestamptz,
    constraint people_pkey primary key (id)
);

create index people_of_handle on people (handle, seen_at desc) where handle is not null;
