//! The texts that a verifier vouched for, in one piece of memory: a piece for each would take longer to get and to give
//! back than most of them take to read.

use smallvec::SmallVec;

use crate::claims::Names;

/// Where a text stands among all. Nobody has four gigabytes of them; what stands beyond would read as empty, and be no name.
#[derive(Clone, Copy)]
struct Span {
    start: u32,
    end: u32,
}

impl Span {
    fn new(start: usize, end: usize) -> Self {
        let [start, end] = [start, end].map(|place| u32::try_from(place).unwrap_or(u32::MAX));
        Self { start, end }
    }

    #[inline]
    fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// The texts of one caller.
#[derive(Clone)]
// As it stands here, for the reason that `Inner` of `identity` gives.
#[repr(C)]
pub(crate) struct Texts {
    /// The claims first, where there are any: of the others most are quoted from there.
    text: String,
    places: Places,
}

/// As many as most callers have need no piece of memory of their own.
type Spans = SmallVec<[Span; 6]>;

/// Where each stands.
#[derive(Clone)]
// As above.
#[repr(C)]
struct Places {
    bound_to: Option<Span>,
    roles: usize,
    scopes: usize,
    /// Roles, then scopes, then authentication methods.
    names: Spans,
    subject: Span,
    claims: Option<Span>,
    kid: Option<Span>,
    acr: Option<Span>,
    jti: Option<Span>,
}

impl Places {
    fn new(subject: Span) -> Self {
        Self {
            bound_to: None,
            roles: 0,
            scopes: 0,
            names: Spans::new(),
            subject,
            claims: None,
            kid: None,
            acr: None,
            jti: None,
        }
    }

    #[inline]
    fn of_roles(&self) -> &[Span] {
        self.names.get(..self.roles).unwrap_or_default()
    }

    #[inline]
    fn of_scopes(&self) -> &[Span] {
        self.names.get(self.roles..self.roles + self.scopes).unwrap_or_default()
    }

    #[inline]
    fn of_amr(&self) -> &[Span] {
        self.names.get(self.roles + self.scopes..).unwrap_or_default()
    }
}

/// What claims say that is kept, as they were read. The names are those of [`claims`](crate::claims).
pub(crate) struct Quoted<'c> {
    pub(crate) subject: &'c str,
    pub(crate) acr: Option<&'c str>,
    pub(crate) jti: Option<&'c str>,
    pub(crate) bound_to: Option<&'c str>,
    pub(crate) roles: Names<'c>,
    pub(crate) scopes: Names<'c>,
    pub(crate) amr: Names<'c>,
}

/// The same, no longer bound to where it was read.
pub(crate) struct Quotes {
    /// What does not stand in the claims as it reads, since it has escapes there.
    beyond: String,
    places: Places,
}

impl Quoted<'_> {
    /// Where all that stands, for these claims.
    pub(crate) fn find(self, claims: &str) -> Quotes {
        let Quoted { subject, acr, jti, bound_to, roles, scopes, amr } = self;
        let mut finder = Finder { claims, beyond: String::new() };
        let mut places = Places::new(finder.find(subject));
        places.claims = Some(Span::new(0, claims.len()));
        places.acr = acr.map(|acr| finder.find(acr));
        places.jti = jti.map(|jti| finder.find(jti));
        places.bound_to = bound_to.map(|thumbprint| finder.find(thumbprint));

        let names = &mut places.names;
        places.roles = finder.find_all(roles, names);
        places.scopes = finder.find_all(scopes, names);
        finder.find_all(amr, names);
        // It doubles, and may be remembered for long.
        names.shrink_to_fit();
        Quotes { beyond: finder.beyond, places }
    }
}

struct Finder<'c> {
    claims: &'c str,
    beyond: String,
}

impl Finder<'_> {
    fn find(&mut self, text: &str) -> Span {
        within(self.claims, text).unwrap_or_else(|| {
            let start = self.claims.len() + self.beyond.len();
            self.beyond.push_str(text);
            Span::new(start, start + text.len())
        })
    }

    /// Each once. Says how many there are.
    fn find_all(&mut self, names: Names<'_>, found: &mut Spans) -> usize {
        let before = found.len();
        for name in names {
            let known = found.iter().skip(before).any(|span| self.at(*span) == name);
            if !known {
                found.push(self.find(name));
            }
        }
        found.len() - before
    }

    fn at(&self, span: Span) -> &str {
        match (span.start as usize).checked_sub(self.claims.len()) {
            Some(start) => {
                self.beyond.get(start..span.end as usize - self.claims.len()).unwrap_or_default()
            }
            None => span.of(self.claims),
        }
    }
}

/// Where `part` stands in `text`, if it was borrowed from there.
fn within(text: &str, part: &str) -> Option<Span> {
    let start = part.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    let end = start.checked_add(part.len())?;
    (end <= text.len()).then(|| Span::new(start, end))
}

/// Up to here doubling wastes little, in bytes.
const SHORT: usize = 256;

fn append(text: &mut String, part: &str) -> Span {
    let start = text.len();
    // A string that grows by itself doubles, and claims would leave half of that empty for as long as they are remembered.
    if start > SHORT && text.capacity() - start < part.len() {
        text.reserve_exact(part.len() + start / 8);
    }
    text.push_str(part);
    Span::new(start, text.len())
}

impl Texts {
    pub(crate) fn new(subject: String) -> Self {
        let places = Places::new(Span::new(0, subject.len()));
        Self { text: subject, places }
    }

    /// Claims with what is quoted from them.
    pub(crate) fn of_claims(claims: String, quotes: Quotes) -> Self {
        let Quotes { beyond, places } = quotes;
        let mut text = claims;
        append(&mut text, &beyond);
        Self { text, places }
    }

    pub(crate) fn set_claims(&mut self, claims: &str) {
        self.places.claims = Some(append(&mut self.text, claims));
    }

    pub(crate) fn set_kid(&mut self, kid: &str) {
        self.places.kid = Some(append(&mut self.text, kid));
    }

    pub(crate) fn set_acr(&mut self, acr: &str) {
        self.places.acr = Some(append(&mut self.text, acr));
    }

    pub(crate) fn set_jti(&mut self, jti: &str) {
        self.places.jti = Some(append(&mut self.text, jti));
    }

    pub(crate) fn set_bound_to(&mut self, thumbprint: &str) {
        self.places.bound_to = Some(append(&mut self.text, thumbprint));
    }

    pub(crate) fn add_role(&mut self, role: &str) {
        let span = append(&mut self.text, role);
        self.places.names.insert(self.places.roles, span);
        self.places.roles += 1;
    }

    pub(crate) fn add_scope(&mut self, scope: &str) {
        let span = append(&mut self.text, scope);
        self.places.names.insert(self.places.roles + self.places.scopes, span);
        self.places.scopes += 1;
    }

    pub(crate) fn add_amr(&mut self, method: &str) {
        let span = append(&mut self.text, method);
        self.places.names.push(span);
    }

    pub(crate) fn subject(&self) -> &str {
        self.at(self.places.subject)
    }

    /// `None` reads as `{}`.
    pub(crate) fn claims(&self) -> Option<&str> {
        self.places.claims.map(|span| self.at(span))
    }

    pub(crate) fn kid(&self) -> Option<&str> {
        self.places.kid.map(|span| self.at(span))
    }

    pub(crate) fn acr(&self) -> Option<&str> {
        self.places.acr.map(|span| self.at(span))
    }

    pub(crate) fn jti(&self) -> Option<&str> {
        self.places.jti.map(|span| self.at(span))
    }

    #[inline]
    pub(crate) fn bound_to(&self) -> Option<&str> {
        self.places.bound_to.map(|span| self.at(span))
    }

    #[inline]
    pub(crate) fn roles(&self) -> impl ExactSizeIterator<Item = &str> {
        self.all_at(self.places.of_roles())
    }

    #[inline]
    pub(crate) fn has_role(&self, role: &str) -> bool {
        self.is_at(self.places.of_roles(), role)
    }

    #[inline]
    pub(crate) fn scopes(&self) -> impl ExactSizeIterator<Item = &str> {
        self.all_at(self.places.of_scopes())
    }

    #[inline]
    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        self.is_at(self.places.of_scopes(), scope)
    }

    #[inline]
    pub(crate) fn amr(&self) -> impl ExactSizeIterator<Item = &str> {
        self.all_at(self.places.of_amr())
    }

    /// About how much memory it takes from the heap, in bytes.
    pub(crate) fn size(&self) -> usize {
        /// What the allocator adds.
        const BLOCK: usize = 16;
        let names = &self.places.names;
        let names = if names.spilled() { BLOCK + names.capacity() * size_of::<Span>() } else { 0 };
        BLOCK + self.text.capacity() + names
    }

    #[inline]
    fn all_at(&self, spans: &[Span]) -> impl ExactSizeIterator<Item = &str> {
        spans.iter().map(|span| self.at(*span))
    }

    /// Whether this text stands at one of these places. Told by the bytes: cutting out one text after another would take
    /// twice as long.
    #[inline]
    fn is_at(&self, spans: &[Span], text: &str) -> bool {
        let (all, text) = (self.text.as_bytes(), text.as_bytes());
        let same = |span: &Span| all.get(span.start as usize..span.end as usize) == Some(text);
        spans.iter().any(same)
    }

    /// Never beyond the end: every span was taken from this text, and nothing is ever taken away from it.
    #[inline]
    fn at(&self, span: Span) -> &str {
        span.of(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, proptest};

    use super::*;
    use crate::{
        claims::{methods, roles, scopes},
        json,
    };

    #[test]
    fn what_was_put_in_comes_out_in_whatever_order() {
        let mut texts = Texts::new("ann".to_owned());
        texts.add_amr("otp");
        texts.add_scope("read");
        texts.add_role("editor");
        texts.set_jti("");
        texts.add_role("admin");
        texts.set_claims("{}");
        texts.add_scope("write");
        assert_eq!(texts.subject(), "ann");
        assert!(texts.roles().eq(["editor", "admin"]));
        assert!(texts.scopes().eq(["read", "write"]));
        assert!(texts.amr().eq(["otp"]));
        assert_eq!((texts.jti(), texts.acr(), texts.claims()), (Some(""), None, Some("{}")));
        assert_eq!((texts.roles().len(), texts.scopes().len(), texts.amr().len()), (2, 2, 1));
    }

    #[test]
    fn each_name_is_there_once() {
        let claims =
            r#"{"sub":"ann","roles":["a","b","a","\u0062","\u0063","c"],"scope":"x  y x"}"#;
        let texts = read(claims);
        assert!(texts.roles().eq(["a", "b", "c"]));
        assert!(texts.scopes().eq(["x", "y"]));
    }

    #[test]
    fn only_what_stands_in_a_text_is_found_there() {
        let text = "abc".to_owned();
        let place = |part| within(&text, part).map(|Span { start, end }| (start, end));
        assert_eq!(place(&text), Some((0, 3)));
        assert_eq!(place(text.get(1..2).unwrap()), Some((1, 2)));
        assert_eq!(place(text.get(3..).unwrap()), Some((3, 3)));
        assert_eq!(place("abc"), None);
        let beginning = text.get(..2).unwrap();
        assert!(within(beginning, &text).is_none());
        assert!(within(beginning, text.get(1..).unwrap()).is_none());
    }

    /// Each may be remembered for an hour, and the bytes of a cache hold the fewer of them the more is empty.
    #[test]
    fn what_comes_behind_claims_leaves_little_memory_unused() {
        let claims = format!(r#"{{"sub":"\u0061","x":"{}"}}"#, "x".repeat(2_000));
        let mut texts = read(&claims);
        texts.set_kid("2026-01");
        for role in ["editor", "reader", "guest"] {
            texts.add_role(role);
        }
        assert!(texts.text.capacity() < claims.len() * 5 / 4, "{}", texts.text.capacity());
    }

    fn read(claims: &str) -> Texts {
        let object = json::read(claims).unwrap();
        let text = |name| object.get(name).and_then(json::Value::as_str);
        let quotes = Quoted {
            subject: text("sub").unwrap_or_default(),
            acr: text("acr"),
            jti: text("jti"),
            bound_to: text("jkt"),
            roles: roles(&object, &"roles".into()),
            scopes: scopes(&object, None),
            amr: methods(&object),
        }
        .find(claims);
        Texts::of_claims(claims.to_owned(), quotes)
    }

    proptest! {
        /// With escapes in some, which do not stand in the claims as they read.
        #[test]
        fn claims_are_quoted_as_they_read(
            subject in "[a-z\"\n\u{e9}]{0,5}",
            [acr, jti, jkt] in prop::array::uniform3(prop::option::of("[a-z\"\n\u{e9}]{0,5}")),
            [roles, scopes, amr] in prop::array::uniform3(prop::collection::btree_set("[a-z\"\n\u{e9}]{1,3}", 0..5)),
            kid in "[a-z]{0,5}",
        ) {
            let claims = serde_json::json!({
                "sub": subject, "acr": acr, "jti": jti, "jkt": jkt, "roles": roles, "scope": scopes, "amr": amr,
            });
            let mut texts = read(&claims.to_string());
            texts.set_kid(&kid);
            texts.add_role("-");
            prop_assert_eq!(texts.subject(), &*subject);
            prop_assert_eq!(texts.acr(), acr.as_deref());
            prop_assert_eq!(texts.jti(), jti.as_deref());
            prop_assert_eq!(texts.bound_to(), jkt.as_deref());
            prop_assert_eq!(texts.kid(), Some(&*kid));
            prop_assert_eq!(texts.claims(), Some(&*claims.to_string()));
            prop_assert!(texts.roles().eq(roles.iter().map(|role| &**role).chain(["-"])));
            prop_assert!(texts.scopes().eq(scopes.iter().map(|scope| &**scope)));
            for name in roles.iter().chain(&scopes).chain(&amr).map(|name| &**name).chain(["-", "", &*subject]) {
                prop_assert_eq!(texts.has_role(name), texts.roles().any(|held| held == name));
                prop_assert_eq!(texts.has_scope(name), texts.scopes().any(|held| held == name));
            }
            prop_assert!(texts.amr().eq(amr.iter().map(|method| &**method)));
        }
    }
}
