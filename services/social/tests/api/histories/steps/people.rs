//! What people are to each other, and to everybody.

use contracts::fact::{AccountState, Fact, RelationChanged};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::answers::eventually;
use crate::histories::World;

/// What one does to another.
#[derive(Clone, Copy, Debug)]
pub(super) enum Relating {
    Follow,
    Unfollow,
    Befriend,
    Unfriend,
    Block,
    Unblock,
    Mute,
    Unmute,
}

impl Relating {
    /// Each as often as it should happen.
    const OFTEN: [Self; 16] = {
        use Relating::*;
        [
            Follow, Follow, Follow, Unfollow, Befriend, Befriend, Unfriend, Block, Block, Unblock, Unblock, Unblock, Mute, Mute, Unmute,
            Unmute,
        ]
    };
}

impl World {
    /// Hides somebody, or restores them, as auth would, and waits until counts have followed.
    pub(super) async fn hide(&mut self, who: usize, state: AccountState) {
        self.past.push(format!("{who} is {state:?}"));
        match state {
            AccountState::Hidden => self.model.hidden.insert(who),
            AccountState::Active => self.model.hidden.remove(&who),
        };
        self.social.hide(&self.people[who], state).await;
        eventually("counts follow", async || self.social.count("hidden_counts_owed").await == 0).await;
        match state {
            AccountState::Hidden => self.hang_up(who),
            AccountState::Active => self.listen(who).await,
        }
    }

    /// Changes how two people stand to each other; what is undone is undone to somebody to whom it was done.
    pub(super) async fn relate_somehow(&mut self, one: usize, other: usize, random: &mut StdRng) {
        let what = *Relating::OFTEN.choose(random).expect("some");
        let done = match what {
            Relating::Unfollow => &self.model.follows,
            Relating::Unfriend => &self.model.friends,
            Relating::Unblock => &self.model.blocks,
            Relating::Unmute => &self.model.mutes,
            _ => return self.relate(one, other, what).await,
        };
        let theirs = done.iter().filter(|(who, _)| *who == one).map(|(_, whom)| *whom);
        let whom = theirs.choose(random).unwrap_or(other);
        self.relate(one, whom, what).await;
    }

    /// Changes how two people stand to each other, as relation would.
    pub(super) async fn relate(&mut self, one: usize, other: usize, what: Relating) {
        if one == other {
            return;
        }
        self.past.push(format!("{one} does {what:?} {other}"));
        let (there, back, model) = ((one, other), (other, one), &mut self.model);
        let apart = model.severed(one, other);
        match what {
            Relating::Follow | Relating::Befriend if apart => {}
            Relating::Follow => model.follows.extend([there]),
            Relating::Unfollow => model.follows.retain(|pair| *pair != there),
            Relating::Befriend => model.friends.extend([there, back]),
            Relating::Unfriend => model.friends.retain(|pair| *pair != there && *pair != back),
            Relating::Block => {
                model.blocks.insert(there);
                for pair in [there, back] {
                    model.follows.remove(&pair);
                    model.friends.remove(&pair);
                }
            }
            Relating::Unblock => model.blocks.retain(|pair| *pair != there),
            Relating::Mute => model.mutes.extend([there]),
            Relating::Unmute => model.mutes.retain(|pair| *pair != there),
        }
        for (actor, target) in [back, there] {
            let pair = (actor, target);
            let mutes = self.model.mutes.contains(&pair);
            let changed = RelationChanged {
                follows: self.model.follows.contains(&pair),
                friends: self.model.friends.contains(&pair),
                blocks: self.model.blocks.contains(&pair),
                mutes,
                mutes_notifications: mutes,
                severed: true,
                ..RelationChanged::nothing(self.people[actor].id, self.people[target].id)
            };
            self.social.tell(Fact::RelationChanged(changed)).await;
        }
    }

    /// Puts somebody into a list, or takes them out. Only whom one follows gets in.
    pub(super) async fn enlist(&mut self, owner: usize, member: usize, put: bool) -> Result<(), String> {
        let address = format!("/v1/timelines/lists/{}/members/{}", self.model.lists[owner], self.model.accounts[member]);
        let method = if put { Method::PUT } else { Method::DELETE };
        self.past.push(format!("{owner} does {method} {member} in their list"));
        let (status, _) = self.ask(owner, method, &address, None).await;
        let may = self.model.follows.contains(&(owner, member)) && !self.model.is_kept_from(Some(owner), member);
        let expected = if may || !put { StatusCode::NO_CONTENT } else { StatusCode::UNPROCESSABLE_ENTITY };
        if status != expected {
            return Err(format!("the last step is answered with {status} instead of {expected}"));
        }
        match put {
            true if may => self.model.listed.insert((owner, member)),
            true => false,
            false => self.model.listed.remove(&(owner, member)),
        };
        Ok(())
    }

    /// Follows the tag that everything has, or stops to.
    pub(super) async fn follow_tag(&mut self, who: usize, follow: bool) {
        let method = if follow { Method::PUT } else { Method::DELETE };
        self.past.push(format!("{who} does {method} the tag"));
        let (status, _) = self.ask(who, method, "/v1/tags/history/follow", None).await;
        assert_eq!(status, StatusCode::NO_CONTENT);
        match follow {
            true => self.model.follow_tag.insert(who),
            false => self.model.follow_tag.remove(&who),
        };
    }

    /// Wants to be found no more, or again.
    pub(super) async fn be_shy(&mut self, who: usize, shy: bool) {
        self.past.push(format!("{who} is shy: {shy}"));
        let (status, _) = self.ask(who, Method::PATCH, "/v1/profiles/me", Some(json!({"discoverable": !shy}))).await;
        assert_eq!(status, StatusCode::OK);
        match shy {
            true => self.model.shy.insert(who),
            false => self.model.shy.remove(&who),
        };
    }
}
