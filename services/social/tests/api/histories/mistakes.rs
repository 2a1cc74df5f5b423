//! Mistakes that are planted, each alone, to see that the histories would notice.

use contracts::Service;
use sqlx::AssertSqlSafe;
use test_db::TestDb;

/// Something that is wrong.
#[derive(Debug)]
pub struct Mistake {
    pub name: &'static str,
    place: Place,
}

/// Where.
#[derive(Debug)]
enum Place {
    /// In a function of the database, which has something else in the place of a text.
    Function { name: &'static str, text: &'static str, instead: &'static str },
    /// In the model, which is then as far from a right service as a right model is from a service with that mistake.
    Model(Slip),
}

/// What the model can get wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slip {
    /// A post that is for fewer leaves its comments behind.
    CommentsKeepTheirAudience,
    /// A direct post stays with whom it mentioned before.
    MentionsStay,
    ListsShowWhomOneFollowsNoMore,
}

const fn in_function(name: &'static str, function: &'static str, text: &'static str, instead: &'static str) -> Mistake {
    Mistake { name, place: Place::Function { name: function, text, instead } }
}

pub const MISTAKES: &[Mistake] = &[
    in_function("a block does not hide comments", "visible", "and ((of_post).root is null or not severed(viewer, (of_post).author))", ""),
    in_function("who follows sees what is for friends", "may_see", "(select friends from relations", "(select follows from relations"),
    in_function("everybody sees what is for whom it mentions", "may_see", "mentioned is true", "true"),
    in_function(
        "whom one follows no more is at home",
        "at_home",
        "coalesce((select follows from relations where actor = reader and target = (of_post).author), false)",
        "true",
    ),
    in_function("who is hidden is still seen", "severed", "return is_hidden(other)", "return false"),
    in_function("whom one mutes is at home", "at_home", "and not muted(reader, (of_post).author)", ""),
    in_function("counts know whom one blocks", "severed_from", "where blocks and actor = viewer", "where false"),
    in_function("notifications tell of whom one mutes", "silenced", "and mutes and mutes_notifications", "and false"),
    in_function("who did not see a post is told that it is gone", "stream_deleted", "(of_post).visibility,", "'public',"),
    in_function("a reaction that is taken back stays told", "untell_reaction", "and a.actor = old.account", "and false"),
    in_function("who does not want to be found is found", "findable", "and discoverable", ""),
    Mistake { name: "a post for fewer leaves its comments behind", place: Place::Model(Slip::CommentsKeepTheirAudience) },
    Mistake { name: "whom a direct post mentions no more still sees it", place: Place::Model(Slip::MentionsStay) },
    Mistake { name: "a list shows whom one follows no more", place: Place::Model(Slip::ListsShowWhomOneFollowsNoMore) },
];

impl Mistake {
    /// What the model gets wrong.
    pub fn slip(&self) -> Option<Slip> {
        match self.place {
            Place::Function { .. } => None,
            Place::Model(slip) => Some(slip),
        }
    }

    /// Plants it into a database, if it belongs there.
    pub async fn plant(&self, db: &TestDb) {
        let Place::Function { name, text, instead } = self.place else { return };
        let pool = db.superuser_pool(Service::Social);
        let definition = "select pg_get_functiondef(oid) from pg_proc where pronamespace = 'social'::regnamespace and proname = $1";
        let right: String = sqlx::query_scalar(definition).bind(name).fetch_one(&pool).await.expect("one function of that name");
        let wrong = right.replace(text, instead);
        assert_ne!(wrong, right, "{name} has no {text:?}: {right}");
        sqlx::query(AssertSqlSafe(wrong)).execute(&pool).await.expect("a function as the database prints it");
    }
}
