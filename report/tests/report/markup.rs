//! A strict reader of the markup that this crate writes: it knows the few elements and attributes that a page may
//! have, and complains about everything else.

const ELEMENTS: &str = " html head meta title style body a header p span h1 h2 h3 h4 dl div dt dd code nav ul ol li main section \
    article details summary table thead tbody tr th td strong br figure figcaption picture source img footer \
    svg g rect line path text circle polyline polygon ";
const ATTRIBUTES: &str = " lang charset name content http-equiv class id href aria-label tabindex role open media srcset \
    src alt width height viewbox xmlns x y x1 x2 y1 y2 cx cy r rx d fill stroke stroke-width opacity points dy \
    text-anchor font-family font-size transform ";
const VOID: &str = " meta br img source ";

/// Reads a document, and returns its text.
pub fn read(html: &str) -> Result<String, String> {
    let (mut rest, mut open, mut text) = (html.trim_start(), Vec::<&str>::new(), String::new());
    rest = rest.strip_prefix("<!DOCTYPE html>").ok_or("no doctype")?;
    while let Some(start) = rest.find('<') {
        text.push_str(&rest[..start]);
        let end = start + end_of_tag(&rest[start..]).ok_or_else(|| format!("a tag without end in {open:?}"))?;
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            let expected = open.pop();
            if expected != Some(name) {
                return Err(format!("</{name}> closes {expected:?}"));
            }
            continue;
        }
        let name = tag.split([' ', '/']).next().unwrap_or_default();
        if !ELEMENTS.contains(&format!(" {name} ")) {
            return Err(format!("<{name}> is not an element of the page"));
        }
        attributes(tag[name.len()..].trim_end_matches('/'))?;
        if name == "style" {
            rest = &rest[rest.find("</style>").ok_or("a style without end")?..];
        }
        if !VOID.contains(&format!(" {name} ")) && !tag.ends_with('/') {
            open.push(name);
        }
    }
    match open.is_empty() {
        true if text.chars().any(|c| c.is_control() && c != '\n') => Err("a control character".to_owned()),
        true => Ok(text),
        false => Err(format!("{open:?} are never closed")),
    }
}

/// The place of the `>` that is not inside quotes.
fn end_of_tag(text: &str) -> Option<usize> {
    let mut quoted = false;
    for (place, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '>' if !quoted => return Some(place),
            _ => {}
        }
    }
    None
}

/// True if a link names a scheme.
fn leads_away(link: &str) -> bool {
    link.split("&#x2f;").next().is_some_and(|start| start.contains(':'))
}

fn attributes(mut rest: &str) -> Result<(), String> {
    while !rest.trim_start().is_empty() {
        rest = rest.trim_start();
        let end = rest.find([' ', '=', '\n']).unwrap_or(rest.len());
        let name = rest[..end].to_ascii_lowercase();
        if !ATTRIBUTES.contains(&format!(" {name} ")) {
            return Err(format!("{name:?} is not an attribute of the page"));
        }
        rest = &rest[end..];
        if let Some(value) = rest.strip_prefix("=\"") {
            let close = value.find('"').ok_or("an attribute without end")?;
            if value[..close].contains('<') || name == "href" && leads_away(&value[..close]) {
                return Err(format!("{name} is {}", &value[..close]));
            }
            rest = &value[close + 1..];
        } else if rest.starts_with('=') {
            return Err(format!("{name} is not quoted"));
        }
    }
    Ok(())
}

#[test]
fn the_reader_complains_about_what_must_not_be() {
    let page = |body: &str| read(&format!("<!DOCTYPE html><html><body>{body}</body></html>"));
    assert_eq!(page("<p>a</p>"), Ok("a".to_owned()));
    for bad in [
        "<script>",
        "<p>",
        "<p></div>",
        "<p onclick=\"x\"></p>",
        "<p class=x></p>",
        "<a href=\"javascript:x\"></a>",
        "\u{1b}",
    ] {
        assert!(page(bad).is_err(), "{bad}");
    }
}
