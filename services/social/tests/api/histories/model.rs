//! What should be true, in the plainest words: no rule here comes from the code under test.

mod told;

use std::collections::{BTreeMap, BTreeSet};

use super::mistakes::Slip;
pub use told::{Event, Notice};

/// For whom a post is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    Public,
    Unlisted,
    Followers,
    Friends,
    Direct,
}

impl Audience {
    pub const ALL: [Self; 5] = [Self::Public, Self::Unlisted, Self::Followers, Self::Friends, Self::Direct];

    pub fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    pub fn is_open(self) -> bool {
        matches!(self, Self::Public | Self::Unlisted)
    }

    /// Is there anybody whom this leaves out and `after` does not?
    pub fn widens_to(self, after: Self) -> bool {
        !self.is_open() && self != after && (self, after) != (Self::Followers, Self::Friends)
    }
}

/// What a post said, and for whom it was.
#[derive(Clone, Debug)]
pub struct Said {
    pub text: String,
    pub audience: Audience,
    pub mentioned: BTreeSet<usize>,
}

#[derive(Clone, Debug)]
pub struct Post {
    pub id: String,
    pub author: usize,
    pub parent: Option<usize>,
    pub root: Option<usize>,
    /// A comment is for whom its root is; here it has the audience of when it was written, which means nothing.
    pub now: Said,
    pub before: Vec<Said>,
    pub deleted: bool,
    pub pinned: bool,
    pub reacted: BTreeSet<usize>,
    pub bookmarked: BTreeSet<usize>,
}

/// People are numbered, and so are posts, in the order in which they came.
#[derive(Default)]
pub struct Model {
    pub accounts: Vec<String>,
    pub follows: BTreeSet<(usize, usize)>,
    /// Both ways.
    pub friends: BTreeSet<(usize, usize)>,
    pub blocks: BTreeSet<(usize, usize)>,
    /// Of posts and of notifications.
    pub mutes: BTreeSet<(usize, usize)>,
    /// Whom nobody sees.
    pub hidden: BTreeSet<usize>,
    /// Who does not want to be found.
    pub shy: BTreeSet<usize>,
    /// Who follows the tag that everything has.
    pub follow_tag: BTreeSet<usize>,
    /// The list of each, by its id.
    pub lists: Vec<String>,
    /// Whose list has whom.
    pub listed: BTreeSet<(usize, usize)>,
    pub posts: Vec<Post>,
    pub notices: Vec<Notice>,
    /// Who was told of whose reaction to which post, and by which notice: all of a history is within a day.
    pub lately: BTreeMap<(usize, usize, usize), usize>,
    /// What streams tell of the last step, and whom.
    pub told: Vec<(usize, Event)>,
    /// What the last step was about.
    pub touched: Option<usize>,
    /// What it gets wrong.
    pub slip: Option<Slip>,
}

impl Model {
    pub fn of(accounts: impl Iterator<Item = String>, slip: Option<Slip>) -> Self {
        Self { accounts: accounts.collect(), slip, ..Self::default() }
    }

    pub fn severed(&self, one: usize, other: usize) -> bool {
        self.blocks.contains(&(one, other)) || self.blocks.contains(&(other, one))
    }

    /// Is somebody not there for the viewer?
    pub fn is_kept_from(&self, viewer: Option<usize>, person: usize) -> bool {
        self.hidden.contains(&person) || viewer.is_some_and(|viewer| self.severed(viewer, person))
    }

    pub fn is_muted(&self, viewer: Option<usize>, person: usize) -> bool {
        viewer.is_some_and(|viewer| self.mutes.contains(&(viewer, person)))
    }

    /// Is it their own, or of somebody whom they follow?
    pub fn is_followed(&self, viewer: usize, author: usize) -> bool {
        viewer == author || self.follows.contains(&(viewer, author))
    }

    pub fn root_of(&self, post: usize) -> usize {
        self.posts[post].root.unwrap_or(post)
    }

    /// Was this for the viewer, when `author` said it?
    pub fn is_for(&self, viewer: Option<usize>, author: usize, said: &Said) -> bool {
        if self.hidden.contains(&author) {
            return false;
        }
        let Some(viewer) = viewer else { return said.audience.is_open() };
        let friends = self.friends.contains(&(viewer, author));
        let chosen = match said.audience {
            Audience::Public | Audience::Unlisted => true,
            Audience::Followers => friends || self.follows.contains(&(viewer, author)),
            Audience::Friends => friends,
            Audience::Direct => said.mentioned.contains(&viewer),
        };
        viewer == author || chosen && !self.severed(viewer, author)
    }

    pub fn sees(&self, viewer: Option<usize>, post: usize) -> bool {
        let (comment, root) = (&self.posts[post], &self.posts[self.root_of(post)]);
        let mut said = root.now.clone();
        if self.slip == Some(Slip::CommentsKeepTheirAudience) {
            said.audience = comment.now.audience;
        }
        !comment.deleted && !self.is_kept_from(viewer, comment.author) && self.is_for(viewer, root.author, &said)
    }

    /// Does somebody's list show what another posts? Whom its owner follows no more stays in it, unseen.
    pub fn is_in_list(&self, owner: usize, author: usize) -> bool {
        let follows = self.follows.contains(&(owner, author)) || self.slip == Some(Slip::ListsShowWhomOneFollowsNoMore);
        follows && self.listed.contains(&(owner, author))
    }

    /// Does a post belong into somebody's home timeline?
    pub fn is_at_home(&self, reader: usize, post: usize) -> bool {
        let Post { author, root, now, .. } = &self.posts[post];
        let tagged = now.audience == Audience::Public && self.follow_tag.contains(&reader);
        let wanted = self.is_followed(reader, *author) || tagged;
        root.is_none() && wanted && !self.is_muted(Some(reader), *author) && self.sees(Some(reader), post)
    }

    /// Does a search find what the viewer sees? What is not on every list is found by who follows its author.
    pub fn is_found(&self, viewer: Option<usize>, post: usize) -> bool {
        let (author, audience) = (self.posts[post].author, self.posts[self.root_of(post)].now.audience);
        let listed = audience == Audience::Public && !self.shy.contains(&author);
        !audience.is_open() || listed || viewer.is_some_and(|viewer| self.is_followed(viewer, author))
    }

    /// The posts that the viewer sees and that are `wanted`, in words.
    pub fn seen(&self, viewer: Option<usize>, wanted: impl Fn(usize, &Post) -> bool) -> BTreeSet<String> {
        let posts = self.posts.iter().enumerate();
        let seen = posts.filter(|(index, post)| self.sees(viewer, *index) && wanted(*index, post));
        seen.map(|(index, _)| self.post_in_words(viewer, index)).collect()
    }

    /// Deletes a post with its thread, or a comment out of it.
    pub fn delete(&mut self, deleted: usize) {
        let informed = self.informed(deleted);
        for (index, post) in self.posts.iter_mut().enumerate() {
            post.deleted |= index == deleted || post.root == Some(deleted);
            if post.parent == Some(deleted) {
                post.parent = None;
            }
        }
        self.tell_gone(deleted, &informed);
    }
}
