-- What administrators do to what people write, and why: for the other administrators to read. Without foreign keys: it
-- outlives what it is about.
create table moderation_acts (
    id bigint not null default next_id('moderation_acts'),
    moderator bigint not null,
    kind text not null,
    -- Whom it is about, and which post of theirs, if it is about one.
    account bigint,
    post bigint,
    -- Why. The author of a post that was removed reads it.
    note text not null,
    -- What a post that was removed said.
    said text,
    constraint moderation_acts_pkey primary key (id),
    constraint moderation_acts_kind_check check (kind in ('dismissed', 'handled', 'removed'))
);

create index moderation_acts_of_account on moderation_acts (account, id desc);
create index moderation_acts_of_post on moderation_acts (post) where post is not null;

alter table reports
    -- The act that closed it.
    add column resolution bigint,
    -- What it showed when it was reported.
    add column photos bigint[] not null default '{}',
    add column is_open boolean not null generated always as (closed_at is null) stored;

create index reports_newest on reports (is_open, id desc);
create index reports_of_subject on reports (account, coalesce(post, 0), id desc);

-- Is it the newest of its case? A case is what is open about one thing, or what one act closed.
create function heads_case(of_report reports) returns boolean
language sql stable parallel safe as $$
    select not exists (
        select from reports newer
        where newer.account = (of_report).account and coalesce(newer.post, 0) = coalesce((of_report).post, 0)
            and newer.id > (of_report).id and newer.is_open = (of_report).is_open
            and newer.resolution is not distinct from (of_report).resolution
    )
$$;

alter table notifications
    -- What an administrator did, and the reader's report that it was about.
    add column act bigint,
    add column report bigint,
    drop constraint notifications_kind_check,
    add constraint notifications_kind_check check (kind in (
        'follow', 'follow_request', 'follow_accepted', 'friend_request', 'friend', 'match', 'mention', 'reply', 'reaction',
        'report_resolved', 'post_removed'
    ));

-- Tells somebody what an administrator did, in the transaction of the act. Nobody stands behind it by name: its actor is 0,
-- whom nobody blocks or mutes.
create function tell_of_act(reader bigint, of_kind text, of_act bigint, of_report bigint) returns boolean
language plpgsql as $$
declare
    told bigint;
begin
    if exists (select from notification_mutes m where m.account = reader and m.kind = of_kind) then
        return false;
    end if;
    insert into notifications (account, kind, act, report) values (reader, of_kind, of_act, of_report) returning number into told;
    insert into notification_actors (notification, actor) values (told, 0);
    insert into stream_events (kind, account, notification) values ('notification', reader, told);
    return true;
end
$$;
