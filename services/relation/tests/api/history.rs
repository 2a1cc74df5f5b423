//! Whatever people do to each other, the service answers, shows and tells what the model says.
//!
//! That this would notice is tested too: a mistake is planted in the model, which is as far from a right service as a
//! right model is from a service with that mistake.

use std::collections::{BTreeMap, BTreeSet};

use contracts::Service;
use contracts::fact::{Fact, RelationChanged, RelationEnded, RelationHappened};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{TestCaseError, TestRunner};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::runtime::Runtime;

use crate::answers::answer;
use crate::model::{Mistake, Model, Outcome, PEOPLE, Step, What};
use crate::support::{Person, TestRelation};

fn history() -> impl Strategy<Value = Vec<Step>> {
    use What::*;
    let what = vec![
        Follow,
        Follow,
        Unfollow,
        Accept,
        RemoveFollower,
        Befriend,
        Befriend,
        Unfriend,
        Block,
        Unblock,
        Unblock,
        Mute,
        Unmute,
        Like,
        Like,
        Unlike,
        Approve,
        ApproveNot,
    ];
    let step = (0..PEOPLE, 1..PEOPLE, proptest::sample::select(what));
    let step = step.prop_map(|(who, further, what)| Step { who, whom: (who + further) % PEOPLE, what });
    proptest::collection::vec(step, 1..40)
}

/// New people, how they stand by the model, and what was told of them.
struct Stage<'a> {
    relation: &'a TestRelation,
    pool: PgPool,
    people: Vec<Person>,
    model: Model,
    /// Follows, blocks, friends, mutes.
    told: BTreeMap<(usize, usize), [bool; 4]>,
    heard: i64,
}

/// Says where the two differ.
fn same<T: PartialEq + std::fmt::Debug>(what: impl FnOnce() -> String, service: T, model: T) -> Result<(), String> {
    match service == model {
        true => Ok(()),
        false => Err(format!("{}: the service says {service:?}, the model {model:?}", what())),
    }
}

async fn check(relation: &TestRelation, history: &[Step], mistake: Option<Mistake>) -> Result<(), String> {
    let pool = relation.db.superuser_pool(Service::Relation);
    let people = (0..PEOPLE).map(|_| relation.person()).collect();
    let heard = sqlx::query_scalar("select coalesce(max(id), 0) from outbox").fetch_one(&pool).await.unwrap();
    let model = Model { mistake, ..Model::default() };
    let mut stage = Stage { relation, pool, people, model, told: BTreeMap::new(), heard };
    for step in history {
        stage.step(*step).await.map_err(|difference| format!("{step:?}: {difference}"))?;
    }
    stage.lists().await
}

impl Stage<'_> {
    async fn step(&mut self, step: Step) -> Result<(), String> {
        let before = self.model.clone();
        let outcome = self.model.apply(step);
        let status = outcome.status;
        let service = answer(self.request(step)).await;
        same(|| "the status".to_owned(), service.0.as_u16(), status)?;
        if step.what == What::Like && status == 200 {
            let matched = self.model.likes.contains(&(step.whom, step.who));
            same(|| "the answer to a like".to_owned(), service.1, json!({"matched": matched}))?;
        }
        self.facts(&before, outcome).await?;
        for who in 0..PEOPLE {
            self.relationships(who).await?;
        }
        Ok(())
    }

    fn request(&self, Step { who, whom, what }: Step) -> reqwest::RequestBuilder {
        let (who, whom) = (&self.people[who], &self.people[whom]);
        let settings = |approves: bool| {
            let settings = json!({"approves_followers": approves, "suggestible": true});
            self.relation.request(Method::PUT, "/v1/relations/settings", Some(who)).json(&settings)
        };
        match what {
            What::Follow => self.relation.put(who, whom, "follow"),
            What::Unfollow => self.relation.delete(who, whom, "follow"),
            What::Accept => self.relation.put(who, whom, "follower"),
            What::RemoveFollower => self.relation.delete(who, whom, "follower"),
            What::Befriend => self.relation.put(who, whom, "friend"),
            What::Unfriend => self.relation.delete(who, whom, "friend"),
            What::Block => self.relation.put(who, whom, "block"),
            What::Unblock => self.relation.delete(who, whom, "block"),
            What::Mute => self.relation.put(who, whom, "mute").json(&json!({})),
            What::Unmute => self.relation.delete(who, whom, "mute"),
            What::Like => self.relation.put(who, whom, "like"),
            What::Unlike => self.relation.delete(who, whom, "like"),
            What::Approve => settings(true),
            What::ApproveNot => settings(false),
        }
    }

    fn place(&self, id: contracts::AccountId) -> usize {
        self.people.iter().position(|person| person.id == id).expect("facts are of these people")
    }

    /// What is told makes what is known, what narrows is told as such, and what happened is told once.
    async fn facts(&mut self, before: &Model, expected: Outcome) -> Result<(), String> {
        let new = "select id, fact from outbox where id > $1 order by id";
        let new: Vec<(i64, Value)> = sqlx::query_as(new).bind(self.heard).fetch_all(&self.pool).await.unwrap();
        let (mut happened, mut ended, mut severed) = (Vec::new(), Vec::new(), BTreeSet::new());
        for (id, fact) in new {
            self.heard = id;
            match serde_json::from_value(fact).unwrap() {
                Fact::RelationChanged(RelationChanged { actor, target, follows, blocks, friends, mutes, severed: narrowed, .. }) => {
                    let pair = (self.place(actor), self.place(target));
                    self.told.insert(pair, [follows, blocks, friends, mutes]);
                    if narrowed {
                        severed.extend([pair, (pair.1, pair.0)]);
                    }
                }
                Fact::RelationHappened(RelationHappened { event, actor, target }) => {
                    happened.push((event, self.place(actor), self.place(target)));
                }
                Fact::RelationEnded(RelationEnded { event, actor, target }) => {
                    ended.push((event, self.place(actor), self.place(target)));
                }
                other => panic!("relation tells {other:?}"),
            }
        }
        same(|| "what happened".to_owned(), happened, expected.happened)?;
        same(|| "what holds no more".to_owned(), ended, expected.ended)?;
        for pair in pairs() {
            let told = self.told.get(&pair).copied().unwrap_or_default();
            same(|| format!("what was told last of {pair:?}"), told, known(&self.model, pair))?;
            let (saw, sees) = (sight(before, pair), sight(&self.model, pair));
            if (0..3).any(|of| saw[of] && !sees[of]) && !severed.contains(&pair) {
                return Err(format!("{pair:?} sees less, and nothing says so"));
            }
        }
        Ok(())
    }

    async fn relationships(&self, who: usize) -> Result<(), String> {
        let others: Vec<usize> = (0..PEOPLE).filter(|other| *other != who).collect();
        let query: Vec<String> = others.iter().map(|other| format!("id={}", self.people[*other].id)).collect();
        let shown = self.relation.get(&format!("/v1/relations?{}", query.join("&")), Some(&self.people[who])).await;
        let model = &self.model;
        for (nth, whom) in others.into_iter().enumerate() {
            let (there, back) = ((who, whom), (whom, who));
            let (heard, friends) = (model.known(whom, who), model.friends(who, whom));
            let likes_me = model.likes.contains(&back);
            let expected = json!({
                "id": self.people[whom].id,
                "approves_followers": model.private.contains(&whom) && !model.severed(who, whom),
                "following": model.follows.contains(&there),
                "followed_by": model.follows.contains(&back) && heard,
                "requested": model.requests.contains(&there),
                "requested_by": model.requests.contains(&back) && heard,
                "friends": friends,
                "friend_requested": model.asks.contains(&there) && !friends,
                "friend_requested_by": model.asks.contains(&back) && !friends && heard,
                "blocking": model.blocks.contains(&there),
                "muting": model.mutes.contains(&there),
                "muting_notifications": model.mutes.contains(&there),
                "muted_until": null,
                "note": null,
                "liked": model.likes.contains(&there),
                "matched": likes_me && (model.likes.contains(&there) || model.is(Mistake::LikeIsShown)),
            });
            same(|| format!("how {who} stands to {whom}"), shown["items"][nth].clone(), expected)?;
        }
        Ok(())
    }

    /// Every list and its count, as everybody and a visitor see it.
    async fn lists(&self) -> Result<(), String> {
        for owner in 0..PEOPLE {
            for viewer in [None, Some(0), Some(1), Some(2)] {
                let who = viewer.map(|viewer| &self.people[viewer]);
                let of = format!("/v1/relations/{}", self.people[owner].id);
                let counts = self.relation.get(&format!("{of}/counts"), who).await;
                for name in ["followers", "following", "friends"] {
                    let shown = self.relation.ids(&format!("{of}/{name}"), who).await;
                    let shown: BTreeSet<usize> = shown.into_iter().map(|id| self.place(id)).collect();
                    let what = || format!("the {name} of {owner} for {viewer:?}");
                    same(what, shown.clone(), self.model.list(name, owner, viewer))?;
                    same(|| format!("how many are {}", what()), counts[name].clone(), json!(shown.len()))?;
                }
            }
        }
        Ok(())
    }
}

fn pairs() -> impl Iterator<Item = (usize, usize)> {
    (0..PEOPLE).flat_map(|one| (0..PEOPLE).filter(move |other| *other != one).map(move |other| (one, other)))
}

/// What others know of how one stands to another: follows, blocks, friends, mutes.
fn known(model: &Model, (one, other): (usize, usize)) -> [bool; 4] {
    let follows = model.follows.contains(&(one, other)) && model.known(one, other);
    [follows, model.blocks.contains(&(one, other)), model.friends(one, other), model.mutes.contains(&(one, other))]
}

/// What one sees of another: what is for everybody, for followers and for friends.
fn sight(model: &Model, pair: (usize, usize)) -> [bool; 3] {
    let open = !model.severed(pair.0, pair.1);
    let [follows, _, friends, _] = known(model, pair);
    [open, open && (follows || friends), open && friends]
}

fn stage() -> (Runtime, TestRelation) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let relation = runtime.block_on(TestRelation::spawn());
    (runtime, relation)
}

#[test]
fn any_history_is_answered_shown_and_told_as_the_model_says() {
    let (runtime, relation) = stage();
    let config = ProptestConfig { cases: 40, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() };
    let outcome =
        TestRunner::new(config).run(&history(), |steps| runtime.block_on(check(&relation, &steps, None)).map_err(TestCaseError::fail));
    if let Err(error) = outcome {
        panic!("{error}");
    }
    assert_eq!(runtime.block_on(relation.service.mend_counts()).unwrap(), 0);
}

#[test]
fn every_planted_mistake_is_caught() {
    let (runtime, relation) = stage();
    for mistake in Mistake::ALL {
        let mut runner = TestRunner::deterministic();
        let histories = std::iter::repeat_with(|| history().new_tree(&mut runner).unwrap().current());
        let caught = histories.take(300).any(|steps| runtime.block_on(check(&relation, &steps, Some(mistake))).is_err());
        assert!(caught, "no history shows that {mistake:?}");
    }
}
