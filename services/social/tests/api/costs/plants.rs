//! What is written past the front door, and past what it would set in motion: `$who` is the reader.

/// Tags that the reader follows.
pub const TAGS: i64 = 50;

/// `$n` people whom the reader follows, ten of them in a list and five of them so much followed that their posts are not delivered,
/// and twenty times as many who are suspended. And fifty tags.
pub const FOLLOWEES: [&str; 8] = [
    "insert into hidden_accounts (account) select 2000000 + n from generate_series(1, 20 * $n) n on conflict do nothing",
    "delete from relations where actor = $who",
    "insert into profiles (id, handle) select 1000000 + n, 'crowd_' || n from generate_series(1, $n) n on conflict do nothing",
    "insert into relations (actor, target, follows, blocks) select $who, 1000000 + n, true, false from generate_series(1, $n) n",
    "insert into lists (id, owner, title) values (700000, $who, 'a') on conflict do nothing",
    "insert into list_members (list, account) select 700000, 1000000 + n from generate_series(1, 10) n on conflict do nothing",
    "insert into home_pulled (author, since) select 1000000 + n, 0 from generate_series(1, 5) n on conflict do nothing",
    "insert into followed_tags (account, tag) select $who, 'pier_' || n from generate_series(0, 49) n on conflict do nothing",
];

/// Somebody who has written a little for everybody, and three times a word that nobody else has. More posts with other words than
/// are looked through one by one. A thread, and notifications behind each of which there are as many people as are counted.
pub const RESERVED: [&str; 10] = [
    "insert into profiles (id, handle) values (900000, 'reserved'), (900001, 'wordy')",
    "insert into posts (author, text, visibility) select 900000, 'a', 'public' from generate_series(1, 12)",
    "insert into post_words (post, words) select id, 'needle' from posts where author = 900000 order by id limit 3",
    "insert into posts (author, text, visibility) select 900001, 'a', 'unlisted' from generate_series(1, 6000)",
    "insert into post_words (post, words) select id, 'other' from posts where author = 900001",
    "insert into tags (tag) values ('sea')",
    "insert into posts (id, author, text, visibility) values (800000, 900000, 'a', 'public')",
    "insert into reaction_counts (post, emoji, count) values (800000, '👍', 1)",
    "insert into notifications (account, kind, post) select $who, 'reaction', 800000 from generate_series(1, 12)",
    "insert into notification_actors (notification, actor) select number, 4000000 + n from notifications, generate_series(1, 1000) n",
];

/// `$n` posts of each who is followed, with one tag that all have, one that the reader follows, and a word; the newest are
/// bookmarked. What the reserved one writes since has the tag of all, and is for others than the reader.
/// `$n` comments and reactions more, and as many people behind each notification. And what a changed relation sets in motion.
pub const POSTS: [&str; 11] = [
    "insert into posts (author, text, visibility) select id, 'a', 'public' from profiles, generate_series(1, $n) where handle like 'crowd%'",
    "insert into post_words (post, words) select id, 'common' from posts where visibility = 'public' on conflict do nothing",
    "insert into posts (author, text, visibility)
     select 900000, 'a', visibility from unnest(array['followers', 'friends', 'direct']) visibility, generate_series(1, 4 * $n)",
    "insert into posts (author, text, visibility, parent, root, root_author)
     select 1000001, 'b', 'public', 800000, 800000, 900000 from generate_series(1, $n)",
    "insert into post_tags (tag, post_id, listed)
     select 'sea', id, case when visibility = 'public' and root is null then id end from posts on conflict do nothing",
    "insert into post_tags (tag, post_id, listed)
     select 'pier_' || id % 50, id, id from posts where author > 1000000 and visibility = 'public' and root is null
     on conflict do nothing",
    "insert into bookmarks (account, post)
     select $who, id from posts where visibility = 'public' and root is null order by id desc limit 2000 on conflict do nothing",
    "insert into profiles (id, handle) select 3000000 + n, 'fan_' || n from generate_series(1, $n) n on conflict do nothing",
    "insert into reactions (post, account, emoji) select 800000, 3000000 + n, '👍' from generate_series(1, $n) n on conflict do nothing",
    "insert into notification_actors (notification, actor)
     select number, 5000000 + n from notifications, generate_series(1, $n) n on conflict do nothing",
    "update home_readers set stale = true",
];
