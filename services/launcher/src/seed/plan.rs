//! Everything that will happen, decided before the first request: numbers stand for people, uploads and posts.

use super::graph::Graph;
use super::random::Random;
use super::words;

/// What is done, in the order in which it is done.
#[derive(Debug, PartialEq)]
pub struct Plan {
    /// People are the numbers below this one.
    pub people: usize,
    /// Who follows whom: each friendship, both ways.
    pub follows: Vec<(usize, usize)>,
    /// Each picture once for everybody, every second one again in private by somebody else.
    pub uploads: Vec<Upload>,
    /// One post for each upload, then round after round of one post by each person.
    pub posts: Vec<Post>,
    /// Under posts, by friends of their authors, who may see them all.
    pub comments: Vec<Comment>,
    /// To posts, by friends of their authors.
    pub reactions: Vec<Reaction>,
}

/// A picture that somebody uploads.
#[derive(Debug, PartialEq)]
pub struct Upload {
    /// The person.
    pub owner: usize,
    /// The number of the picture.
    pub picture: usize,
    /// Whether only a post shows it.
    pub private: bool,
}

/// A post.
#[derive(Debug, PartialEq)]
pub struct Post {
    /// The person.
    pub author: usize,
    /// With hashtags.
    pub text: String,
    /// As the API writes it.
    pub visibility: &'static str,
    /// An upload of the author's, or a public one of anybody's.
    pub photo: Option<usize>,
}

/// A comment.
#[derive(Debug, PartialEq)]
pub struct Comment {
    /// The person.
    pub author: usize,
    /// The number of the post.
    pub post: usize,
    /// Plain.
    pub text: &'static str,
}

/// A reaction.
#[derive(Debug, PartialEq)]
pub struct Reaction {
    /// The person.
    pub by: usize,
    /// The number of the post.
    pub post: usize,
    /// One emoji.
    pub emoji: &'static str,
}

impl Plan {
    /// What the people of `graph` do with this many pictures; the same `random` decides the same.
    pub fn new(graph: &Graph, pictures: usize, posts_per_person: u32, random: &mut Random) -> Plan {
        let friends = graph.friends();
        let uploads = uploads(&friends, pictures, random);
        let mut posts: Vec<Post> = uploads.iter().enumerate().map(|(n, upload)| show(n, upload, random)).collect();
        for _round in 0..posts_per_person {
            posts.extend((0..graph.people).map(|author| write(author, &uploads, random)));
        }
        Plan {
            people: graph.people,
            follows: graph.edges.iter().flat_map(|&(a, b)| [(a, b), (b, a)]).collect(),
            comments: comments(&posts, &friends, random),
            reactions: reactions(&posts, &friends, random),
            uploads,
            posts,
        }
    }
}

fn uploads(friends: &[Vec<usize>], pictures: usize, random: &mut Random) -> Vec<Upload> {
    let people = friends.len();
    // A private photo is worth a check where somebody follows its owner and somebody does not.
    let mut owners: Vec<usize> = (0..people).filter(|&person| (1..people - 1).contains(&friends[person].len())).collect();
    if owners.is_empty() {
        owners = (0..people).collect();
    }
    random.shuffle(&mut owners);
    let public = (0..pictures).map(|picture| (picture, false));
    let private = (0..pictures).step_by(2).map(|picture| (picture, true));
    let owners = owners.into_iter().cycle();
    public.chain(private).zip(owners).map(|((picture, private), owner)| Upload { owner, picture, private }).collect()
}

fn show(n: usize, upload: &Upload, random: &mut Random) -> Post {
    let visibility = if upload.private { "followers" } else { "public" };
    Post { author: upload.owner, text: words::post(random), visibility, photo: Some(n) }
}

fn write(author: usize, uploads: &[Upload], random: &mut Random) -> Post {
    let visibility = match random.below(10) {
        0 | 1 => "followers",
        2 => "unlisted",
        _ => "public",
    };
    let photo = Some(random.below(uploads.len())).filter(|&n| !uploads[n].private && random.once_in(5));
    Post { author, text: words::post(random), visibility, photo }
}

fn comments(posts: &[Post], friends: &[Vec<usize>], random: &mut Random) -> Vec<Comment> {
    let mut comments = Vec::new();
    for (post, Post { author, .. }) in posts.iter().enumerate().filter(|(_, post)| !friends[post.author].is_empty()) {
        for _ in 0..random.below(3) {
            comments.push(Comment { author: *random.pick(&friends[*author]), post, text: words::comment(random) });
        }
    }
    comments
}

fn reactions(posts: &[Post], friends: &[Vec<usize>], random: &mut Random) -> Vec<Reaction> {
    let mut reactions = Vec::new();
    for (post, Post { author, .. }) in posts.iter().enumerate() {
        let mut fans = friends[*author].clone();
        random.shuffle(&mut fans);
        fans.truncate(random.below(6));
        reactions.extend(fans.into_iter().map(|by| Reaction { by, post, emoji: random.pick::<&str>(words::REACTIONS) }));
    }
    reactions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(seed: u64) -> Plan {
        let mut random = Random::new(seed);
        Plan::new(&Graph::grow(100, &mut random), 8, 3, &mut random)
    }

    #[test]
    fn the_same_seed_plans_the_same() {
        assert_eq!(plan(1), plan(1));
        assert_ne!(plan(1), plan(2));
    }

    #[test]
    fn a_private_upload_is_shown_to_followers_by_its_owner_alone() {
        let plan = plan(1);
        assert_eq!(plan.uploads.iter().filter(|upload| upload.private).count(), 4);
        for post in &plan.posts {
            if let Some(upload) = post.photo.map(|n| &plan.uploads[n]).filter(|upload| upload.private) {
                assert_eq!((post.author, post.visibility), (upload.owner, "followers"));
            }
        }
    }

    #[test]
    fn some_posts_reuse_the_public_photo_of_somebody_else() {
        let plan = plan(1);
        assert!(plan.posts.iter().any(|post| post.photo.is_some_and(|n| plan.uploads[n].owner != post.author)));
    }

    #[test]
    fn whoever_comments_or_reacts_follows_the_author() {
        let plan = plan(1);
        let follows = |actor, post: usize| plan.follows.contains(&(actor, plan.posts[post].author));
        assert!(plan.comments.iter().all(|comment| follows(comment.author, comment.post)));
        assert!(plan.reactions.iter().all(|reaction| follows(reaction.by, reaction.post)));
        assert!(!plan.comments.is_empty() && !plan.reactions.is_empty());
    }
}
