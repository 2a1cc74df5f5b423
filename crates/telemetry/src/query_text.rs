//! What the text of a statement says of it, without a parser of SQL: its operation, and its table where that is easily seen.
//!
//! Both make a summary, as the conventions advise; they have no attributes of their own (`db.operation.name`, `db.collection.name`),
//! which for PostgreSQL are not to be taken from the text.

/// What a statement does, in few words (`db.query.summary`): its operation and its table.
pub(crate) fn summary(text: &str) -> String {
    let operation = operation(text);
    table(text).map_or_else(|| operation.to_owned(), |table| format!("{operation} {table}"))
}

/// The statement's first word, if it is one that SQL has.
fn operation(text: &str) -> &'static str {
    const KNOWN: [&str; 12] =
        ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "BEGIN", "COMMIT", "ROLLBACK", "LISTEN", "NOTIFY", "SAVEPOINT", "SET"];
    let first = text.split_whitespace().next().unwrap_or_default();
    KNOWN.into_iter().find(|known| known.eq_ignore_ascii_case(first)).unwrap_or("OTHER")
}

/// The table: the name after the first `from`, `into` or `update` that is in no parentheses. Where a function
/// or a subquery stands there, none: no name is better than a wrong one.
fn table(text: &str) -> Option<&str> {
    let (mut depth, mut quote, mut before, mut is_next) = (0_usize, None::<char>, "", false);
    let code = text.split_inclusive('\n').map(|line| line.split_once("--").map_or(line, |(code, _)| code));
    for piece in code.flat_map(|line| line.split_inclusive(is_sign)) {
        let word = piece.trim_end_matches(is_sign);
        let sign = piece[word.len()..].chars().next();
        let is_spaced = sign.is_none_or(char::is_whitespace);
        let is_space = word.is_empty() && is_spaced;
        if depth == 0 && quote.is_none() && !is_space {
            if is_next {
                return (is_name(word) && sign != Some('(')).then_some(word);
            }
            let is_before_table = ["from", "into", "update"].iter().any(|known| known.eq_ignore_ascii_case(word));
            is_next = is_before_table && is_spaced && !before.eq_ignore_ascii_case("distinct");
            before = word;
        }
        match (quote, sign) {
            (Some(_), _) if quote == sign => quote = None,
            (None, Some('\'' | '"')) => quote = sign,
            (None, Some('(')) => depth += 1,
            (None, Some(')')) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// Does it stand between words?
fn is_sign(c: char) -> bool {
    !(c.is_alphanumeric() || "_.".contains(c))
}

/// Is it a name as our migrations give them, with a schema or without?
fn is_name(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || b"_.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::*;

    #[test]
    fn a_span_is_named_by_operation_and_table() {
        assert_eq!(summary("select id from posts where id = $1"), "SELECT posts");
        assert_eq!(summary("insert into posts (id) values ($1)"), "INSERT posts");
        assert_eq!(summary("with gone as (delete from uploads returning id)\nselect id from\n    gone"), "WITH gone");
        assert_eq!(summary("COMMIT"), "COMMIT");
        assert_eq!(operation("drop table posts"), "OTHER");
    }

    #[test]
    fn nothing_but_a_name_is_a_table() {
        for text in [
            "select word from unnest($1::text[]) as asked (word)",
            "select id from (select id from posts) latest",
            "select exists (select from posts)",
            "select extract(epoch from clock_timestamp())::bigint",
            "select id from \"Posts\"",
            "select from",
        ] {
            assert_eq!(table(text), None, "{text}");
        }
    }

    #[test]
    fn words_that_name_no_table_are_passed_over() {
        for text in [
            "select extract(epoch from until)::bigint from photo.outbox",
            "select parent is distinct from root from photo.outbox",
            "select 'from (there' as \"from :( into\" from photo.outbox",
            "select id -- taken from (there\nfrom photo.outbox",
        ] {
            assert_eq!(table(text), Some("photo.outbox"), "{text}");
        }
    }

    /// The texts of a folder's files; none, if there is no such folder.
    fn texts(folder: &Path) -> Vec<String> {
        let files = std::fs::read_dir(folder).into_iter().flatten().map(|file| file.expect("a file").path());
        files.map(|file| std::fs::read_to_string(file).expect("text")).collect()
    }

    /// The tables and views that the migrations create.
    fn created(root: &Path) -> BTreeSet<String> {
        let crates = ["crates", "services"].map(|folder| std::fs::read_dir(root.join(folder)).expect("a folder"));
        let migrations = crates.into_iter().flatten().flat_map(|it| texts(&it.expect("a crate").path().join("migrations")));
        let names = |text: String| -> Vec<String> {
            let words: Vec<&str> = text.split_whitespace().filter(|word| *word != "unlogged").collect();
            let created = words.windows(3).filter(|words| words[0] == "create" && ["table", "view"].contains(&words[1]));
            created.map(|words| words[2].to_owned()).collect()
        };
        migrations.flat_map(names).collect()
    }

    #[test]
    fn the_table_of_each_statement_of_the_repository_is_made_by_a_migration_or_by_the_statement() {
        let root: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", ".."].iter().collect();
        let (created, statements) = (created(&root), texts(&root.join(".sqlx")));
        let mut named = 0;
        for statement in &statements {
            let described: serde_json::Value = serde_json::from_str(statement).expect("JSON");
            let query = described["query"].as_str().expect("text");
            let Some(table) = table(query) else { continue };
            named += 1;
            let is_made_here = ["", "materialized "].iter().any(|how| query.contains(&format!("{table} as {how}(")));
            let without_schema = table.rsplit('.').next().unwrap_or(table);
            assert!(is_made_here || created.contains(without_schema), "{table} is no table: {query}");
        }
        assert!(2 * named > statements.len(), "only {named} of {} have a table", statements.len());
    }
}
