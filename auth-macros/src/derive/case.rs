//! From a variant's identifier to a name, letter for letter as serde does it: a role enum is often read from
//! configuration too, and one enum must not have two spellings.

use crate::vocabulary::RenameRule;

impl RenameRule {
    /// The name of a variant. Every upper-case letter begins a word, so `ApiV2` has the words `Api` and `V2`, and `HTTP`
    /// has four.
    pub(crate) fn apply(self, variant: &str) -> String {
        match self {
            Self::Pascal => variant.to_owned(),
            Self::Lower => variant.to_ascii_lowercase(),
            Self::Upper => variant.to_ascii_uppercase(),
            Self::Camel => {
                let mut letters = variant.chars();
                let first = letters.next().map(|letter| letter.to_ascii_lowercase());
                first.into_iter().chain(letters).collect()
            }
            Self::Snake => {
                let mut name = String::new();
                for letter in variant.chars() {
                    if letter.is_uppercase() && !name.is_empty() {
                        name.push('_');
                    }
                    name.push(letter.to_ascii_lowercase());
                }
                name
            }
            Self::ScreamingSnake => Self::Snake.apply(variant).to_ascii_uppercase(),
            Self::Kebab => Self::Snake.apply(variant).replace('_', "-"),
            Self::ScreamingKebab => Self::ScreamingSnake.apply(variant).replace('_', "-"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::Vocabulary;

    /// One variant under every rule, in the order of [`RenameRule::ALL`].
    #[track_caller]
    fn check(variant: &str, expected: [&str; 8]) {
        let names: Vec<String> = RenameRule::ALL.iter().map(|rule| rule.apply(variant)).collect();
        assert_eq!(names, expected);
    }

    /// The examples that serde's own tests give (`internals/case.rs` of `serde_derive`).
    #[test]
    fn serde_s_examples() {
        check(
            "Outcome",
            [
                "outcome", "OUTCOME", "Outcome", "outcome", "outcome", "OUTCOME", "outcome",
                "OUTCOME",
            ],
        );
        check(
            "VeryTasty",
            [
                "verytasty",
                "VERYTASTY",
                "VeryTasty",
                "veryTasty",
                "very_tasty",
                "VERY_TASTY",
                "very-tasty",
                "VERY-TASTY",
            ],
        );
        check("A", ["a", "A", "A", "a", "a", "A", "a", "A"]);
        check("Z42", ["z42", "Z42", "Z42", "z42", "z42", "Z42", "z42", "Z42"]);
    }

    #[test]
    fn acronyms_and_digits() {
        check(
            "HTTPAdmin",
            [
                "httpadmin",
                "HTTPADMIN",
                "HTTPAdmin",
                "hTTPAdmin",
                "h_t_t_p_admin",
                "H_T_T_P_ADMIN",
                "h-t-t-p-admin",
                "H-T-T-P-ADMIN",
            ],
        );
        check(
            "ApiV2Admin",
            [
                "apiv2admin",
                "APIV2ADMIN",
                "ApiV2Admin",
                "apiV2Admin",
                "api_v2_admin",
                "API_V2_ADMIN",
                "api-v2-admin",
                "API-V2-ADMIN",
            ],
        );
    }

    #[test]
    fn identifiers_that_are_no_camel_case() {
        check(
            "docs_Write",
            [
                "docs_write",
                "DOCS_WRITE",
                "docs_Write",
                "docs_Write",
                "docs__write",
                "DOCS__WRITE",
                "docs--write",
                "DOCS--WRITE",
            ],
        );
        // Only ASCII letters change; `forbidden` refuses the others.
        assert_eq!(RenameRule::Snake.apply("GrößeÄrger"), "größe_Ärger");
    }
}
