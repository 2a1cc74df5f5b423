-- The mentions that were there before 0045_mentioning_author.sql. It locks rows only: whoever writes goes on.
update mentions set author = posts.author from posts where posts.id = mentions.post and mentions.author is null;
