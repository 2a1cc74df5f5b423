use proptest::prelude::*;

use super::*;

fn texts(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    find(text).iter().map(|found| chars[found.start as usize..found.end as usize].iter().collect()).collect()
}

#[test]
fn people_tags_and_links_are_found_where_they_stand() {
    let text = "👩‍🚀 @Ada, see https://example.org/a_(b)! #Ünïcode";
    assert_eq!(texts(text), ["@Ada", "https://example.org/a_(b)", "#Ünïcode"]);
    let found = find(text);
    // The astronaut is three code points.
    assert_eq!(found[0], Found { start: 4, end: 8, what: What::Handle("ada".to_owned()) });
    assert_eq!(found[2].what, What::Tag("ünïcode".to_owned()));
}

#[test]
fn what_only_looks_like_one_is_none() {
    for text in [
        "a@bob.example",
        "@ab",
        "@ada@example.org",
        "x@ada",
        "@ada\u{e9}",
        "/@ada",
        "##tag",
        "a#tag",
        "&#x41;",
        "#",
        "#2026",
        "#-",
        "http://",
        "http://.",
        "xhttp://a.example",
        "ftp://a.example",
        &format!("@{}", "a".repeat(31)),
        &format!("#{}", "a".repeat(101)),
        &format!("https://{}", "a".repeat(2000)),
    ] {
        assert!(find(text).is_empty(), "{text:?}");
    }
}

#[test]
fn the_punctuation_of_a_sentence_is_no_part_of_an_address() {
    for (text, link) in [
        ("(see https://example.org/a).", "https://example.org/a"),
        ("https://example.org/a_(b))", "https://example.org/a_(b)"),
        ("<https://example.org/?q=#@ada>", "https://example.org/?q=#@ada"),
        ("HTTPS://example.org…", "HTTPS://example.org"),
    ] {
        assert_eq!(texts(text), [link], "{text:?}");
    }
}

#[test]
fn a_tag_is_of_any_script() {
    assert_eq!(texts("#日本語 #हिन्दी #ไทย ＃東京 #2026年"), ["#日本語", "#हिन्दी", "#ไทย", "＃東京", "#2026年"]);
}

proptest! {
    #[test]
    fn ranges_are_in_order_and_within_the_text(text in "(\\PC|[@#h( )/:.]|http://){0,200}") {
        let length = text.chars().count() as u32;
        let mut at = 0;
        for Found { start, end, .. } in find(&text) {
            prop_assert!(at <= start && start < end && end <= length, "{start}..{end}");
            at = end;
        }
    }

    #[test]
    fn a_handle_between_spaces_is_always_found(before in "\\PC{0,40}", handle in "[a-zA-Z0-9_]{3,30}", after in "\\PC{0,40}") {
        let start = before.chars().count() as u32 + 1;
        let found = find(&format!("{before} @{handle} {after}"));
        let expected = Found { start, end: start + 1 + handle.len() as u32, what: What::Handle(handle.to_lowercase()) };
        prop_assert!(found.contains(&expected), "{found:?}");
    }

    #[test]
    fn finding_again_in_what_was_found_finds_the_same(text in "(@ada|#tag|https://a.example/|\\PC| ){0,60}") {
        for found in texts(&text) {
            prop_assert_eq!(texts(&found), [found.clone()]);
        }
    }
}
