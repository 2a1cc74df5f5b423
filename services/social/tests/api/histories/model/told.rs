//! What people are told: in the list of their notifications, and by streams.

use std::collections::BTreeSet;

use super::Model;

/// Something that somebody was told.
pub struct Notice {
    pub reader: usize,
    pub kind: &'static str,
    pub post: usize,
    pub people: BTreeSet<usize>,
    pub read: bool,
}

/// What a stream tells, by the number of the post or of the notice.
#[derive(Clone, Copy)]
pub enum Event {
    Post(usize),
    Edit(usize),
    Delete(usize),
    Notice(usize),
}

impl Model {
    /// Tells of a post whomever it is at home with.
    pub fn tell_at_home(&mut self, post: usize, event: Event) {
        let readers = (0..self.accounts.len()).filter(|reader| self.is_at_home(*reader, post));
        let told: Vec<_> = readers.map(|reader| (reader, event)).collect();
        self.told.extend(told);
    }

    /// Whom it concerns that a post goes: to be asked before.
    pub fn informed(&self, post: usize) -> Vec<usize> {
        let gone = &self.posts[post];
        let concerned = |reader: usize| self.is_followed(reader, gone.author) || self.follow_tag.contains(&reader);
        let readers = (0..self.accounts.len()).filter(|reader| gone.root.is_none() && concerned(*reader));
        readers.filter(|reader| self.is_for(Some(*reader), gone.author, &gone.now)).collect()
    }

    /// Tells those among them who do not see it any more.
    pub fn tell_gone(&mut self, post: usize, informed: &[usize]) {
        let readers = informed.iter().filter(|reader| !self.sees(Some(**reader), post));
        let told: Vec<_> = readers.map(|reader| (*reader, Event::Delete(post))).collect();
        self.told.extend(told);
    }

    /// Tells somebody what another did, unless they are to know nothing of it.
    pub fn tell(&mut self, reader: usize, kind: &'static str, actor: usize, post: usize) {
        if reader == actor || self.is_silenced(reader, actor) || !self.sees(Some(reader), post) {
            return;
        }
        // Who reacts again is behind the same notice again, and no stream tells it.
        let of = (reader, post, actor);
        if kind == "reaction"
            && let Some(notice) = self.lately.get(&of)
        {
            self.notices[*notice].people.insert(actor);
            return;
        }
        let grows = |notice: &Notice| kind == "reaction" && notice.kind == kind && notice.is_of(reader, post) && !notice.read;
        let notice = self.notices.iter().position(grows).unwrap_or_else(|| {
            self.notices.push(Notice { reader, kind, post, people: BTreeSet::new(), read: false });
            self.notices.len() - 1
        });
        self.notices[notice].people.insert(actor);
        if kind == "reaction" {
            self.lately.insert(of, notice);
        }
        self.told.push((reader, Event::Notice(notice)));
    }

    /// Tells who is newly mentioned in a post, each once, and not who was told of it as an answer.
    pub fn tell_of_mentions(&mut self, post: usize, before: &BTreeSet<usize>) {
        let (author, now) = (self.posts[post].author, self.posts[post].now.mentioned.clone());
        for reader in now.difference(before) {
            if !self.notices.iter().any(|notice| notice.is_of(*reader, post) && notice.kind != "reaction") {
                self.tell(*reader, "mention", author, post);
            }
        }
    }

    /// A reaction that is taken back was never told.
    pub fn untell(&mut self, post: usize, who: usize) {
        for notice in self.notices.iter_mut().filter(|notice| notice.post == post && notice.kind == "reaction") {
            notice.people.remove(&who);
        }
    }

    /// Is a reader told nothing of what somebody does?
    fn is_silenced(&self, reader: usize, actor: usize) -> bool {
        self.is_kept_from(Some(reader), actor) || self.is_muted(Some(reader), actor)
    }

    /// What somebody was told and is to know still, in words; without what they have read, if that is left out.
    pub fn notices_of(&self, reader: usize, unread_only: bool) -> BTreeSet<String> {
        let told = self.notices.iter().enumerate().filter(|(_, notice)| notice.reader == reader && !(unread_only && notice.read));
        told.filter_map(|(index, _)| self.notice_in_words(index)).collect()
    }

    /// Who stands behind a notice as its reader may know; nobody, if it is not to be shown.
    pub fn people_behind(&self, notice: &Notice) -> BTreeSet<usize> {
        let shown = self.sees(Some(notice.reader), notice.post);
        let people = notice.people.iter().filter(|person| shown && !self.is_silenced(notice.reader, **person));
        people.copied().collect()
    }
}

impl Notice {
    fn is_of(&self, reader: usize, post: usize) -> bool {
        self.reader == reader && self.post == post
    }
}
