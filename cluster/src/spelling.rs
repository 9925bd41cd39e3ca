//! What somebody may have meant: for messages about names that do not exist.

/// The name that differs least from what was typed, if it differs little enough to be meant: by a third of its letters
/// or less, where two letters that changed places count once.
#[must_use]
pub fn nearest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = typed.chars().count().div_ceil(3);
    let near = names.into_iter().map(|name| (strsim::damerau_levenshtein(typed, name), name));
    near.filter(|(distance, _)| *distance <= limit).min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_near_if_it_could_be_meant() {
        for (typed, expected) in [("etdc", Some("etcd")), ("memry", Some("memory")), ("redis", None), ("", None)] {
            assert_eq!(nearest(typed, ["memory", "etcd"]), expected, "{typed}");
        }
    }
}
