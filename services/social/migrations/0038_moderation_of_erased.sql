-- Who is erased is told nothing any more. What an erasure deletes at its end waits for the locks of whoever tells, so that nothing
-- is told behind its back.
create or replace function tell_of_act(reader bigint, of_kind text, of_act bigint, of_report bigint) returns boolean
language plpgsql as $$
declare
    told bigint;
begin
    if exists (select from hidden_accounts h where h.account = reader and h.state <> 'hidden')
        or exists (select from notification_mutes m where m.account = reader and m.kind = of_kind)
    then
        return false;
    end if;
    insert into notifications (account, kind, act, report) values (reader, of_kind, of_act, of_report) returning number into told;
    insert into notification_actors (notification, actor) values (told, 0);
    insert into stream_events (kind, account, notification) values ('notification', reader, told);
    return true;
end
$$;

-- A custom emoji is off while the owner of its picture is hidden.
create or replace function emoji_key(of_emoji text) returns text
language sql stable parallel safe as $$
    select photos.key from custom_emojis join photos on photos.id = custom_emojis.photo
    where custom_emojis.emoji = of_emoji and not custom_emojis.disabled and not is_hidden(photos.owner)
$$;
