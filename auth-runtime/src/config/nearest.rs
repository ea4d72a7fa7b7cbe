//! "Did you mean": the known word nearest to a wrong one.

/// The nearest of these words, if it is near enough to be meant.
pub(super) fn nearest<'a>(
    wrong: &str,
    words: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let wrong = wrong.to_ascii_lowercase().replace('-', "_");
    words
        .into_iter()
        .map(|word| (distance(&wrong, &word.to_ascii_lowercase().replace('-', "_")), word))
        .filter(|(distance, word)| *distance <= word.chars().count().div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// How many letters have to be put in, left out or changed (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.chars().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        next.push(index + 1);
        for ((other, diagonal), above) in to.iter().zip(&row).zip(row.iter().skip(1)) {
            let left = next.last().copied().unwrap_or_default();
            let changed = diagonal + usize::from(*other != letter);
            next.push(changed.min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_if_it_is_near() {
        let words = ["realm", "issuers", "token_limit", "owners_from"];
        for (wrong, found) in [
            ("issuer", Some("issuers")),
            ("reaml", Some("realm")),
            ("token-limit", Some("token_limit")),
            ("Realm", Some("realm")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(wrong, words), found, "{wrong}");
        }
    }
}
