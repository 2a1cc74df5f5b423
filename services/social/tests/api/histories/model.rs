//! What should be true, in the plainest words: no rule here comes from the code under test.

use std::collections::BTreeSet;

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
    /// A comment's audience and mentions mean nothing.
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
    pub mutes: BTreeSet<(usize, usize)>,
    /// Whom nobody sees.
    pub hidden: BTreeSet<usize>,
    pub posts: Vec<Post>,
    /// What the last step was about.
    pub touched: Option<usize>,
}

impl Model {
    pub fn of(accounts: impl Iterator<Item = String>) -> Self {
        Self { accounts: accounts.collect(), ..Self::default() }
    }

    pub fn severed(&self, one: usize, other: usize) -> bool {
        self.blocks.contains(&(one, other)) || self.blocks.contains(&(other, one))
    }

    /// Is somebody not there for the viewer?
    pub fn is_kept_from(&self, viewer: Option<usize>, person: usize) -> bool {
        self.hidden.contains(&person) || viewer.is_some_and(|viewer| self.severed(viewer, person))
    }

    pub fn root_of(&self, post: usize) -> usize {
        self.posts[post].root.unwrap_or(post)
    }

    /// Was this for the viewer, when `author` said it?
    pub fn is_for(&self, viewer: Option<usize>, author: usize, said: &Said) -> bool {
        if self.hidden.contains(&author) {
            return false;
        }
        let open = matches!(said.audience, Audience::Public | Audience::Unlisted);
        let Some(viewer) = viewer else { return open };
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
        !comment.deleted && !self.is_kept_from(viewer, comment.author) && self.is_for(viewer, root.author, &root.now)
    }

    /// Ids of the posts that the viewer sees and that are `wanted`.
    pub fn seen(&self, viewer: Option<usize>, wanted: impl Fn(usize, &Post) -> bool) -> BTreeSet<String> {
        let posts = self.posts.iter().enumerate();
        let seen = posts.filter(|(index, post)| self.sees(viewer, *index) && wanted(*index, post));
        seen.map(|(_, post)| post.id.clone()).collect()
    }

    /// Deletes a post with its thread, or a comment out of it.
    pub fn delete(&mut self, deleted: usize) {
        for (index, post) in self.posts.iter_mut().enumerate() {
            post.deleted |= index == deleted || post.root == Some(deleted);
            if post.parent == Some(deleted) {
                post.parent = None;
            }
        }
    }
}
