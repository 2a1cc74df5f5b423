//! A plain model of how people stand to each other: sets of pairs, and nothing of tables, locks, counts or facts.

use std::collections::BTreeSet;

use contracts::fact::RelationEvent;

/// How many people a history is about.
pub const PEOPLE: usize = 3;

/// What somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Follow,
    Unfollow,
    Accept,
    RemoveFollower,
    Befriend,
    Unfriend,
    Block,
    Unblock,
    Mute,
    Unmute,
    Like,
    Unlike,
    Approve,
    ApproveNot,
}

/// One step of a history.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub who: usize,
    pub whom: usize,
    pub what: What,
}

/// A mistake that may be planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    BlockKeepsFriends,
    BlockIsShown,
    UnblockLetsTriesStand,
    AcceptNeedsNoRequest,
    ApprovingNotAccepts,
    UnmatchKeepsTheirLike,
    UnlikeTakesTheirs,
    LikeIsShown,
}

impl Mistake {
    pub const ALL: [Self; 8] = [
        Self::BlockKeepsFriends,
        Self::BlockIsShown,
        Self::UnblockLetsTriesStand,
        Self::AcceptNeedsNoRequest,
        Self::ApprovingNotAccepts,
        Self::UnmatchKeepsTheirLike,
        Self::UnlikeTakesTheirs,
        Self::LikeIsShown,
    ];
}

type Pair = (usize, usize);

/// Who does what to whom.
#[derive(Clone, Debug, Default)]
pub struct Model {
    pub follows: BTreeSet<Pair>,
    pub requests: BTreeSet<Pair>,
    /// Who has said that they are friends.
    pub asks: BTreeSet<Pair>,
    pub likes: BTreeSet<Pair>,
    pub blocks: BTreeSet<Pair>,
    pub mutes: BTreeSet<Pair>,
    /// Who approves their followers.
    pub private: BTreeSet<usize>,
    pub mistake: Option<Mistake>,
}

/// What is answered, and what is told of it.
pub struct Outcome {
    pub status: u16,
    /// What, by whom, to whom.
    pub happened: Vec<(RelationEvent, usize, usize)>,
    /// What of that holds no more, where nothing else that is told says so.
    pub ended: Vec<(RelationEvent, usize, usize)>,
}

impl Model {
    pub fn is(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    pub fn friends(&self, one: usize, other: usize) -> bool {
        self.asks.contains(&(one, other)) && self.asks.contains(&(other, one))
    }

    pub fn severed(&self, one: usize, other: usize) -> bool {
        self.blocks.contains(&(one, other)) || self.blocks.contains(&(other, one))
    }

    /// Is what `who` does to `whom` known to `whom` and to others?
    pub fn known(&self, who: usize, whom: usize) -> bool {
        !self.blocks.contains(&(whom, who))
    }

    fn clear(&mut self, one: usize, other: usize) {
        for pair in [(one, other), (other, one)] {
            self.follows.remove(&pair);
            self.requests.remove(&pair);
            self.likes.remove(&pair);
            if !self.is(Mistake::BlockKeepsFriends) {
                self.asks.remove(&pair);
            }
        }
    }

    pub fn apply(&mut self, Step { who, whom, what }: Step) -> Outcome {
        let (there, back) = ((who, whom), (whom, who));
        let known = self.known(who, whom);
        let (mut happened, mut ended) = (Vec::new(), Vec::new());
        let status = match what {
            What::Follow | What::Befriend | What::Like if self.blocks.contains(&there) => 409,
            What::Follow | What::Befriend | What::Like if self.is(Mistake::BlockIsShown) && !known => 404,
            What::Follow if self.follows.contains(&there) => 204,
            What::Follow if self.private.contains(&whom) => {
                if self.requests.insert(there) && known {
                    happened.push((RelationEvent::FollowRequested, who, whom));
                }
                202
            }
            What::Follow => {
                self.requests.remove(&there);
                self.follows.insert(there);
                if known {
                    happened.push((RelationEvent::Followed, who, whom));
                }
                204
            }
            What::Unfollow => {
                if self.requests.remove(&there) && known {
                    ended.push((RelationEvent::FollowRequested, who, whom));
                }
                self.follows.remove(&there);
                204
            }
            What::Accept if self.known(whom, who) && (self.requests.remove(&back) || self.is(Mistake::AcceptNeedsNoRequest)) => {
                self.follows.insert(back);
                happened.push((RelationEvent::FollowAccepted, who, whom));
                204
            }
            What::Accept if self.known(whom, who) && self.follows.contains(&back) => 204,
            What::Accept => 404,
            What::RemoveFollower => {
                if self.known(whom, who) {
                    if self.requests.remove(&back) {
                        ended.push((RelationEvent::FollowRequested, whom, who));
                    }
                    self.follows.remove(&back);
                }
                204
            }
            What::Befriend if self.asks.contains(&there) => {
                if self.friends(who, whom) {
                    204
                } else {
                    202
                }
            }
            What::Befriend if self.asks.contains(&back) => {
                self.asks.insert(there);
                happened.push((RelationEvent::Befriended, who, whom));
                204
            }
            What::Befriend => {
                self.asks.insert(there);
                if known {
                    happened.push((RelationEvent::FriendRequested, who, whom));
                }
                202
            }
            What::Unfriend => {
                let friends = self.friends(who, whom);
                if self.asks.remove(&there) && known && !friends {
                    ended.push((RelationEvent::FriendRequested, who, whom));
                }
                if self.known(whom, who) && self.asks.remove(&back) && !friends {
                    ended.push((RelationEvent::FriendRequested, whom, who));
                }
                204
            }
            What::Block => {
                if self.blocks.insert(there) {
                    self.clear(who, whom);
                }
                204
            }
            What::Unblock => {
                if self.blocks.remove(&there) && !self.is(Mistake::UnblockLetsTriesStand) {
                    self.clear(who, whom);
                }
                204
            }
            What::Mute => {
                self.mutes.insert(there);
                204
            }
            What::Unmute => {
                self.mutes.remove(&there);
                204
            }
            What::Like => {
                if self.likes.insert(there) && self.likes.contains(&back) {
                    happened.extend([(RelationEvent::Matched, who, whom), (RelationEvent::Matched, whom, who)]);
                }
                200
            }
            What::Unlike => {
                let mine = self.likes.remove(&there);
                if mine && self.likes.contains(&back) {
                    ended.extend([(RelationEvent::Matched, who, whom), (RelationEvent::Matched, whom, who)]);
                }
                if (mine && !self.is(Mistake::UnmatchKeepsTheirLike)) || self.is(Mistake::UnlikeTakesTheirs) {
                    self.likes.remove(&back);
                }
                204
            }
            What::Approve => {
                self.private.insert(who);
                200
            }
            What::ApproveNot => {
                self.private.remove(&who);
                if self.is(Mistake::ApprovingNotAccepts) {
                    let asked: Vec<Pair> = self.requests.iter().copied().filter(|(_, target)| *target == who).collect();
                    for pair in asked {
                        self.requests.remove(&pair);
                        self.follows.insert(pair);
                    }
                }
                200
            }
        };
        Outcome { status, happened, ended }
    }

    /// Who is on a list of `owner`, as `viewer` sees it; `None` is a visitor.
    pub fn list(&self, name: &str, owner: usize, viewer: Option<usize>) -> BTreeSet<usize> {
        let severed = |whom| viewer.is_some_and(|viewer| self.severed(viewer, whom));
        let everybody = 0..PEOPLE;
        let on_it = everybody.filter(|whom| {
            let (maker, target, there) = match name {
                "followers" => (*whom, owner, self.follows.contains(&(*whom, owner))),
                "following" => (owner, *whom, self.follows.contains(&(owner, *whom))),
                _ => (owner, *whom, self.friends(owner, *whom)),
            };
            there && (viewer == Some(maker) || (self.known(maker, target) && !severed(*whom) && !severed(owner)))
        });
        on_it.collect()
    }
}
