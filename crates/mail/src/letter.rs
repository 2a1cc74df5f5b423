/// What somebody reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// One line.
    pub subject: String,
    /// From top to bottom.
    pub paragraphs: Vec<Paragraph>,
}

/// A part of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paragraph {
    /// Words.
    Text(String),
    /// An address to open, on a line of its own.
    Link(String),
}

impl Letter {
    /// As plain text.
    pub(crate) fn text(&self) -> String {
        let paragraphs: Vec<&str> = self.paragraphs.iter().map(|(Paragraph::Text(text) | Paragraph::Link(text))| text.as_str()).collect();
        format!("{}\n", paragraphs.join("\n\n"))
    }

    /// As HTML that says the same and loads nothing.
    pub(crate) fn html(&self) -> String {
        let mut html = String::from("<!doctype html>\n<html><body>\n");
        for paragraph in &self.paragraphs {
            match paragraph {
                Paragraph::Text(text) => html.push_str(&format!("<p>{}</p>\n", escaped(text))),
                Paragraph::Link(url) => {
                    let url = escaped(url);
                    html.push_str(&format!("<p><a href=\"{url}\">{url}</a></p>\n"));
                }
            }
        }
        html.push_str("</body></html>\n");
        html
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_html_say_the_same() {
        let paragraphs = vec![Paragraph::Text("Open <this> & be glad:".into()), Paragraph::Link("https://a.test/?b=1&c=2".into())];
        let letter = Letter { subject: "Hello".into(), paragraphs };
        assert_eq!(letter.text(), "Open <this> & be glad:\n\nhttps://a.test/?b=1&c=2\n");
        let html = letter.html();
        assert!(html.contains("<p>Open &lt;this&gt; &amp; be glad:</p>"), "{html}");
        assert!(html.contains("<a href=\"https://a.test/?b=1&amp;c=2\">"), "{html}");
    }
}
