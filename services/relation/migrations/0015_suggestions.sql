-- Whom somebody may like to follow, with the reasons. Made anew when whom they follow changes, else when it is an hour old.
create table suggestions (
    owner bigint not null,
    suggested bigint not null,
    score float8 not null,
    friends_in_common int not null,
    followed_by int not null,
    followees_in_common int not null,
    -- Some of those who are counted, the weightiest first.
    friends bigint[] not null,
    followers bigint[] not null,
    followees bigint[] not null,
    constraint suggestions_pkey primary key (owner, suggested)
);

-- Whom somebody does not want to be suggested again.
create table dismissals (
    owner bigint not null,
    suggested bigint not null,
    constraint dismissals_pkey primary key (owner, suggested)
);

-- May the candidate be suggested to the viewer now? Asked when suggestions are made and again when they are read.
create function may_suggest(viewer bigint, candidate bigint) returns boolean
language sql stable parallel safe as $$
    select candidate <> viewer
        and exists (select from people where id = candidate and suggestible and seen_at > now() - interval '90 days')
        and not exists (select from follows where actor = viewer and target = candidate)
        and not exists (select from follow_requests where actor = viewer and target = candidate)
        and not exists (select from friendships where low = least(viewer, candidate) and high = greatest(viewer, candidate))
        and not exists (select from blocks where actor = viewer and target = candidate)
        and not exists (select from blocks where actor = candidate and target = viewer)
        and not exists (select from mutes where actor = viewer and target = candidate and (until is null or until > now()))
        and not exists (select from dismissals where owner = viewer and suggested = candidate)
$$;
