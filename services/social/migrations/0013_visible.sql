-- Who is named in a post by handle. They see it where it is `direct`; elsewhere it only says whom to notify.
create table mentions (
    post bigint not null,
    account bigint not null,
    constraint mentions_pkey primary key (post, account),
    constraint mentions_post_fkey foreign key (post) references posts (id) on delete cascade,
    constraint mentions_account_fkey foreign key (account) references profiles (id) on delete cascade
);

create index mentions_account on mentions (account, post desc);

-- May the viewer see this post or comment? The one place where a post meets the rule of who may see: a comment is for who
-- sees its root, and neither of its author and the viewer blocks the other.
create function visible(viewer bigint, of_post posts) returns boolean
language sql stable parallel safe as $$
    select may_see(
            viewer,
            coalesce((of_post).root_author, (of_post).author),
            (of_post).visibility,
            (of_post).visibility = 'direct' and exists (
                select from mentions
                where mentions.post = coalesce((of_post).root, (of_post).id) and mentions.account = viewer
            )
        )
        and ((of_post).root is null or not severed(viewer, (of_post).author))
$$;

create index relations_blocking on relations (target) where blocks;

-- Whom the viewer blocks and who blocks the viewer, to be taken out of counts. Usually nobody.
create function severed_from(viewer bigint) returns table (account bigint)
language sql stable parallel safe as $$
    select target from relations where blocks and actor = viewer
    union
    select actor from relations where blocks and target = viewer
$$;
