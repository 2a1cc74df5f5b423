//! Finds the selectors of a PromQL expression. No parser: it knows just enough to tell metrics from everything else.

/// `http_server_active_requests{service_namespace="demo"}[5m]`, and the functions around it.
#[derive(Debug, PartialEq, Eq)]
pub struct Selector {
    /// The metric's name.
    pub metric: String,
    /// What stands between the braces.
    pub matchers: String,
    /// What stands between the brackets; empty if there are none.
    pub range: String,
    /// Functions and aggregations around it, the outermost first.
    pub within: Vec<String>,
}

impl Selector {
    /// The series of the metric that have each label by which these are asked for, whatever it says. Without it they may be there too
    /// if it is one of `optional`.
    pub fn with_any_values(&self, optional: &[&str]) -> String {
        let labels = self.matchers.split(',').filter_map(|matcher| matcher.split(['=', '!']).next());
        let labels = labels.filter(|label| !label.is_empty() && !optional.contains(label));
        let matchers: Vec<String> = labels.map(|label| format!("{label}=~\".+\"")).collect();
        format!("{}{{{}}}", self.metric, matchers.join(","))
    }
}

/// Followed by a list of labels.
const CLAUSES: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];
/// Aggregations, whose clause may stand before their parenthesis.
const AGGREGATIONS: [&str; 9] = ["sum", "max", "min", "avg", "count", "topk", "bottomk", "quantile", "group"];
const OPERATORS: [&str; 5] = ["and", "or", "unless", "bool", "offset"];

/// Every selector of `expression`, in order.
pub fn selectors(expression: &str) -> Vec<Selector> {
    let text: Vec<char> = expression.chars().collect();
    let mut found = Vec::new();
    let (mut at, mut pending, mut within) = (0, String::new(), Vec::<String>::new());
    while let Some(&c) = text.get(at) {
        match c {
            '"' => (_, at) = enclosed(&text, at, '"'),
            '(' => {
                within.push(std::mem::take(&mut pending));
                at += 1;
            }
            ')' => {
                within.pop();
                at += 1;
            }
            _ if c.is_ascii_digit() => at = end(&text, at, |c| c.is_ascii_alphanumeric() || c == '.'),
            _ if is_name(c) => {
                let after = end(&text, at, is_name);
                let name: String = text[at..after].iter().collect();
                let next = end(&text, after, char::is_whitespace);
                at = after;
                if CLAUSES.contains(&name.as_str()) {
                    if text.get(next) == Some(&'(') {
                        (_, at) = enclosed(&text, next, ')');
                    }
                } else if AGGREGATIONS.contains(&name.as_str()) || text.get(next) == Some(&'(') {
                    pending = name;
                } else if !OPERATORS.contains(&name.as_str()) {
                    let (matchers, next) = if text.get(at) == Some(&'{') { enclosed(&text, at, '}') } else { (String::new(), at) };
                    let (range, next) = if text.get(next) == Some(&'[') { enclosed(&text, next, ']') } else { (String::new(), next) };
                    at = next;
                    let within = within.iter().filter(|name| !name.is_empty()).cloned().collect();
                    found.push(Selector { metric: name, matchers, range, within });
                }
            }
            _ => at += 1,
        }
    }
    found
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == ':'
}

/// Where a run of such characters ends.
fn end(text: &[char], from: usize, belongs: impl Fn(char) -> bool) -> usize {
    text[from..].iter().position(|c| !belongs(*c)).map_or(text.len(), |length| from + length)
}

/// What stands between the character at `from` and the next `close` outside of quotes, and where it goes on.
fn enclosed(text: &[char], from: usize, close: char) -> (String, usize) {
    let (mut at, mut is_quoted) = (from + 1, false);
    while let Some(&c) = text.get(at) {
        if c == close && !is_quoted {
            break;
        }
        is_quoted ^= c == '"';
        at += 1;
    }
    (text[from + 1..at].iter().collect(), at + 1)
}
