//! Which format of a picture a client is sent (RFC 9110, section 12.5.1), as a pure function.

use http::HeaderMap;
use http::header::ACCEPT;

use crate::rendition::Coding;

/// What a weight is, in thousandths, where none is said.
const FULL: u16 = 1000;
/// What means JPEG, the most specific first: that one counts.
const JPEG: [&str; 3] = ["image/jpeg", "image/*", "*/*"];

/// WebP for whoever names it and wants JPEG no more than that; JPEG for everybody else.
///
/// Every browser that reads WebP names it. A wildcard says nothing: those who cannot read it send `*/*`, `image/*` or nothing at all.
/// Whoever names only what there is none of gets JPEG, too: a refusal helps nobody.
pub(crate) fn coding(headers: &HeaderMap) -> Coding {
    let lines = headers.get_all(ACCEPT).into_iter().filter_map(|line| line.to_str().ok());
    let ranges: Vec<(&str, u16)> = lines.flat_map(|line| line.split(',')).filter_map(range).collect();
    let weight = |name: &str| ranges.iter().filter(|(range, _)| range.eq_ignore_ascii_case(name)).map(|(_, weight)| *weight).max();
    let jpeg = JPEG.into_iter().find_map(weight).unwrap_or(0);
    match weight(Coding::WebP.media_type()) {
        Some(webp) if webp > 0 && webp >= jpeg => Coding::WebP,
        _ => Coding::Jpeg,
    }
}

/// A media range without its parameters, and its weight. One whose weight cannot be read says nothing.
fn range(element: &str) -> Option<(&str, u16)> {
    let mut parts = element.split(';').map(str::trim);
    let name = parts.next()?;
    let weight = parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
    match weight {
        Some((_, weight)) => Some((name, thousandths(weight.trim())?)),
        None => Some((name, FULL)),
    }
}

/// From zero to one, with three digits behind the point at the most (section 12.4.2).
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction: u16 = format!("{fraction:0<3}").parse().ok()?;
    match (whole, fraction) {
        ("0", fraction) => Some(fraction),
        ("1", 0) => Some(FULL),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(lines: &[&str]) -> Coding {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(ACCEPT, line.parse().unwrap());
        }
        coding(&headers)
    }

    #[test]
    fn browsers_that_read_webp_name_it() {
        for accept in [
            "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
            "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
            "image/webp,*/*",
            "image/webp,image/avif,image/jxl,video/*;q=0.8,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8",
            "IMAGE/WebP ; Q=0.001",
            "image/webp;q=0.5, image/jpeg;q=0.5",
            "image/webp;q=0.8, image/jpeg;q=0.2, image/*;q=0.9",
            "image/webp;foo=bar;q=1.000",
        ] {
            assert_eq!(asked(&[accept]), Coding::WebP, "{accept}");
        }
        assert_eq!(asked(&["image/png", "image/webp"]), Coding::WebP, "two lines are one list");
    }

    #[test]
    fn everybody_else_gets_jpeg() {
        for accept in [
            "",
            "*/*",
            "image/*",
            "image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5",
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "application/json",
            "image/avif",
            "image/webp;q=0",
            "image/webp;q=0.000, */*",
            "image/webp;q=0.5, image/jpeg",
            "image/webp;q=0.5, image/*;q=0.6",
            "image/webp;q=0.5, */*",
            "image/webpx, ximage/webp, image / webp",
        ] {
            assert_eq!(asked(&[accept]), Coding::Jpeg, "{accept}");
        }
        assert_eq!(coding(&HeaderMap::new()), Coding::Jpeg);
    }

    #[test]
    fn what_cannot_be_read_says_nothing() {
        for weight in ["", "2", "1.1", "1.001", "0.1234", "-1", "+1", "0.+1", ".5", "a", "nan", "1e-1", "0,5"] {
            assert_eq!(asked(&[&format!("image/webp;q={weight}")]), Coding::Jpeg, "{weight}");
            assert_eq!(asked(&[&format!("image/webp, image/jpeg;q={weight}")]), Coding::WebP, "{weight}");
        }
    }
}
