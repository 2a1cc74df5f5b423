-- Whom nothing but a tag connected was suggested until now, and so whoever followed one tag learned who follows it.
delete from suggestions where friends_in_common = 0 and followed_by = 0 and followees_in_common = 0;
