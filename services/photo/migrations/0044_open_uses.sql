-- Everybody may see what shows it, so the photo's owner learns which it is. Of anything else only the kind is known. An older version
-- says nothing of that, here and while a platform is updated: src/store/uses.rs knows what only ever counts where everybody sees it.
alter table photo_uses add column open boolean not null default false;
