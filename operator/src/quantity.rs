//! Quantities in the form in which the API server stores them.
//!
//! The server rewrites `1024Mi` to `1Gi`. An object that says `1024Mi` would differ from its stored self for ever, so
//! every quantity is brought into canonical form before it is written.

/// The canonical form of a quantity without sign or exponent, or nothing if it is none or too fine: the smallest unit
/// is a thousandth (`m`).
///
/// The rules are those of `k8s.io/apimachinery/pkg/api/resource`: the largest suffix that leaves a whole number, binary
/// suffixes only for whole numbers of 1024 or more.
pub fn canonical(text: &str) -> Option<String> {
    let (thousandths, binary) = read(text)?;
    let whole = thousandths / 1000;
    match binary && thousandths % 1000 == 0 && whole >= 1024 {
        true => Some(shorten(whole, 1024, &["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"])),
        false => Some(shorten(thousandths, 1000, &["m", "", "k", "M", "G", "T", "P", "E"])),
    }
}

/// Is a quantity less than another? Not if one of them is none.
pub fn is_less(one: &str, other: &str) -> bool {
    read(one).zip(read(other)).is_some_and(|((one, _), (other, _))| one < other)
}

/// A quantity in thousandths, and whether its suffix is a power of 1024.
fn read(text: &str) -> Option<(u128, bool)> {
    let digits = text.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, suffix) = text.split_at(digits);
    let (factor, binary) = factor(suffix)?;
    Some((thousandths(number, factor)?, binary))
}

/// What a suffix multiplies by, and whether it is a power of 1024.
fn factor(suffix: &str) -> Option<(Factor, bool)> {
    let power = |base: u128, exponent: u32| Factor { times: base.pow(exponent), over: 1 };
    Some(match suffix {
        "m" => (Factor { times: 1, over: 1000 }, false),
        "" => (power(1000, 0), false),
        "k" => (power(1000, 1), false),
        "M" => (power(1000, 2), false),
        "G" => (power(1000, 3), false),
        "T" => (power(1000, 4), false),
        "P" => (power(1000, 5), false),
        "E" => (power(1000, 6), false),
        "Ki" => (power(1024, 1), true),
        "Mi" => (power(1024, 2), true),
        "Gi" => (power(1024, 3), true),
        "Ti" => (power(1024, 4), true),
        "Pi" => (power(1024, 5), true),
        "Ei" => (power(1024, 6), true),
        _ => return None,
    })
}

struct Factor {
    times: u128,
    over: u128,
}

/// `number` × `factor` in thousandths, if it is a whole number of them.
fn thousandths(number: &str, factor: Factor) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || number.len() > 20 {
        return None;
    }
    let scale = 10_u128.checked_pow(fraction.len().try_into().ok()?)?;
    let scaled: u128 = format!("{whole}{fraction}").parse().ok()?;
    let dividend = scaled.checked_mul(factor.times)?.checked_mul(1000)?;
    let divisor = scale.checked_mul(factor.over)?;
    (dividend % divisor == 0).then_some(dividend / divisor)
}

fn shorten(mut value: u128, base: u128, suffixes: &[&str]) -> String {
    if value == 0 {
        return "0".to_owned();
    }
    let mut suffix = 0;
    while value.is_multiple_of(base) && suffix + 1 < suffixes.len() {
        value /= base;
        suffix += 1;
    }
    format!("{value}{}", suffixes[suffix])
}

#[cfg(test)]
mod tests {
    use super::{canonical, is_less};

    #[test]
    fn quantities_become_what_the_api_server_stores() {
        for (written, stored) in [
            ("1", "1"),
            ("1000m", "1"),
            ("0.5", "500m"),
            ("1.5", "1500m"),
            ("100m", "100m"),
            ("1000", "1k"),
            ("1500", "1500"),
            ("1000000", "1M"),
            ("128Mi", "128Mi"),
            ("1024Mi", "1Gi"),
            ("1.5Gi", "1536Mi"),
            ("1000Mi", "1000Mi"),
            ("0.5Ki", "512"),
            ("5Gi", "5Gi"),
            ("0", "0"),
            ("0Gi", "0"),
            ("10G", "10G"),
            ("10000M", "10G"),
        ] {
            assert_eq!(canonical(written).as_deref(), Some(stored), "{written}");
        }
    }

    #[test]
    fn quantities_are_compared_whatever_their_suffix() {
        for (less, more) in [("5Gi", "10Gi"), ("5G", "5Gi"), ("1023Mi", "1Gi"), ("0", "1m"), ("1.5Gi", "1537Mi")] {
            assert!(is_less(less, more) && !is_less(more, less), "{less} and {more}");
        }
        for (one, other) in [("5Gi", "5120Mi"), ("5Gi", "much"), ("much", "5Gi")] {
            assert!(!is_less(one, other) && !is_less(other, one), "{one} and {other}");
        }
    }

    #[test]
    fn what_is_already_canonical_stays() {
        for quantity in ["50m", "64Mi", "1", "1Gi", "512Mi", "250m"] {
            assert_eq!(canonical(quantity).as_deref(), Some(quantity));
        }
    }

    #[test]
    fn what_is_no_quantity_is_refused() {
        for text in ["", "m", "Gi", "1X", "-1", "1e3", "1.2.3", ".5", "0.1m", "1 Gi", "99999999999999999999999"] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }
}
