//! Who knows whom: read from an edge list, or grown by preferential attachment.

use std::collections::BTreeSet;
use std::path::Path;

use super::error::SeedError;
use super::random::Random;

/// Friends that each newcomer of a grown graph makes (fewer while there are not so many people).
const TIES: usize = 6;

/// An undirected graph without loops or double edges.
#[derive(Debug, PartialEq)]
pub struct Graph {
    /// People are the numbers below this one.
    pub people: usize,
    /// Smaller number first, sorted.
    pub edges: Vec<(usize, usize)>,
}

impl Graph {
    /// Reads one edge a line: two numbers from 0, apart by white space; empty lines and lines from `#` or `%` are
    /// passed over. `people` keeps the numbers below it only.
    pub fn read(path: &Path, people: Option<u32>) -> Result<Graph, SeedError> {
        let text = std::fs::read_to_string(path).map_err(|source| SeedError::Read { path: path.into(), source })?;
        let graph = Graph::parse(&text, people).map_err(|line| SeedError::Edge { path: path.into(), line })?;
        if graph.edges.is_empty() { Err(SeedError::NoEdges(path.into())) } else { Ok(graph) }
    }

    fn parse(text: &str, people: Option<u32>) -> Result<Graph, usize> {
        let mut edges = BTreeSet::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with(['#', '%']) {
                continue;
            }
            let (a, b) = edge(line).ok_or(index + 1)?;
            if a != b && people.is_none_or(|people| a.max(b) < people) {
                edges.insert((a.min(b) as usize, a.max(b) as usize));
            }
        }
        let named = edges.iter().map(|(_, larger)| larger + 1).max().unwrap_or(0);
        Ok(Graph { people: people.map_or(named, |people| people as usize), edges: edges.into_iter().collect() })
    }

    /// Barabási and Albert, "Emergence of scaling in random networks" (Science, 1999): each newcomer befriends people
    /// with a chance proportional to the friends they already have, which makes few much-followed and many who are not.
    pub fn grow(people: usize, random: &mut Random) -> Graph {
        let mut edges = BTreeSet::from([(0, 1)]);
        // Everybody once for each friend: drawing from it evenly is drawing by popularity.
        let mut ends = vec![0, 1];
        for newcomer in 2..people {
            let mut friends = BTreeSet::new();
            while friends.len() < TIES.min(newcomer) {
                friends.insert(*random.pick(&ends));
            }
            for friend in friends {
                edges.insert((friend, newcomer));
                ends.extend([friend, newcomer]);
            }
        }
        Graph { people, edges: edges.into_iter().collect() }
    }

    /// The friends of each person, in order.
    pub fn friends(&self) -> Vec<Vec<usize>> {
        let mut friends = vec![Vec::new(); self.people];
        for &(a, b) in &self.edges {
            friends[a].push(b);
            friends[b].push(a);
        }
        friends
    }
}

fn edge(line: &str) -> Option<(u32, u32)> {
    let mut numbers = line.split_whitespace().map(|number| number.parse().ok());
    let edge = (numbers.next()??, numbers.next()??);
    numbers.next().is_none().then_some(edge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_list_loses_its_loops_doubles_and_people_beyond_the_limit() {
        let graph = Graph::parse("# who knows whom\n1 0\n0 1\n2 2\n3 1\n", None).expect("a good list");
        assert_eq!(graph, Graph { people: 4, edges: vec![(0, 1), (1, 3)] });
        let graph = Graph::parse("1 0\n3 1\n", Some(3)).expect("a good list");
        assert_eq!(graph, Graph { people: 3, edges: vec![(0, 1)] });
    }

    #[test]
    fn a_line_that_is_no_edge_is_refused_by_its_number() {
        assert_eq!(Graph::parse("0 1\n2\n", None), Err(2));
        assert_eq!(Graph::parse("0 1 0.5\n", None), Err(1));
        assert_eq!(Graph::parse("0 -1\n", None), Err(1));
    }

    #[test]
    fn a_grown_graph_is_the_same_for_the_same_seed_and_has_hubs() {
        let graph = Graph::grow(500, &mut Random::new(1));
        assert_eq!(graph, Graph::grow(500, &mut Random::new(1)));
        assert_ne!(graph, Graph::grow(500, &mut Random::new(2)));
        let most = graph.friends().iter().map(Vec::len).max().expect("500 people");
        let mean = 2 * graph.edges.len() / graph.people;
        assert!(most > 4 * mean, "the most popular has {most} friends, the mean is {mean}");
    }
}
