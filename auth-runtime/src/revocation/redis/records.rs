//! How revocations are written in Redis.
//!
//! Three sorted sets hold what is revoked, with its time as score, so `ZADD GT` keeps the later of two times whoever
//! writes last. Each change is also added to a stream in the same transaction, so whoever knows the id of the last one
//! they read misses none; and who cannot tell that ids were not lost loads the sets again.

use std::cmp::Ordering;

use redis::{Pipeline, cmd, pipe};

use super::super::store::{Kind, LATEST};

/// About how many changes are kept for those who read them one by one.
const MOST_CHANGES: usize = 10_000;

pub(super) const KINDS: [Kind; 3] = [Kind::Token, Kind::Subject, Kind::Issuer];

/// What a revocation is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Revoked {
    pub(super) kind: Kind,
    pub(super) issuer: Box<str>,
    pub(super) name: Box<str>,
}

impl Revoked {
    pub(super) fn new(kind: Kind, issuer: &str, name: &str) -> Self {
        Self { kind, issuer: issuer.into(), name: name.into() }
    }

    /// As a member of a sorted set: JSON, so that no text can pass for another.
    pub(super) fn member(&self) -> String {
        member(&self.issuer, &self.name)
    }

    pub(super) fn of_member(kind: Kind, member: &[u8]) -> Option<Self> {
        let (issuer, name) = serde_json::from_slice(member).ok()?;
        Some(Self { kind, issuer, name })
    }
}

pub(super) fn member(issuer: &str, name: &str) -> String {
    serde_json::json!([issuer, name]).to_string()
}

/// Something is revoked up to a time, or, with `None`, no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) name: Revoked,
    pub(super) time: Option<u64>,
}

impl Change {
    /// Reads the fields of a record in the stream.
    fn of_fields(fields: &[Vec<u8>]) -> Option<Self> {
        let [_, kind, _, member, _, time] = fields else { return None };
        let kind = KINDS.into_iter().find(|known| word(*known).as_bytes() == kind)?;
        let time = match time.as_slice() {
            b"-" => None,
            time => Some(str::from_utf8(time).ok()?.parse::<u64>().ok()?.min(LATEST)),
        };
        Some(Self { name: Revoked::of_member(kind, member)?, time })
    }
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Token => "tokens",
        Kind::Subject => "subjects",
        Kind::Issuer => "issuers",
    }
}

/// The id of a record in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id(u64, u64);

impl Id {
    /// Before all others.
    pub(super) const NONE: Self = Self(0, 0);

    fn parse(text: &str) -> Option<Self> {
        let (time, number) = text.split_once('-')?;
        Some(Self(time.parse().ok()?, number.parse().ok()?))
    }
}

/// A record as Redis gives it: its id, and names and values in turn.
pub(super) type Raw = (String, Vec<Vec<u8>>);

/// What stands at both ends of the stream, and what follows the last record that was read.
pub(super) type RawChanges = (Vec<Raw>, Vec<Raw>, Vec<Raw>);

/// What changed since a record.
pub(super) struct Changes {
    /// The id of the last of them.
    pub(super) last: Id,
    pub(super) found: Vec<Change>,
    /// Whether there are no more for now.
    pub(super) complete: bool,
}

/// Something may have changed that is not in the stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Gap;

/// Reads what followed `last`, if it is certain that nothing in between was lost.
pub(super) fn changes(last: Id, raw: &RawChanges) -> Result<Changes, Gap> {
    let id = |raw: &[Raw]| raw.first().and_then(|(id, _)| Id::parse(id));
    let (oldest, newest, following) = (id(&raw.0), id(&raw.1), &raw.2);
    let changes = |last, found, complete| Ok(Changes { last, found, complete });
    match (oldest, newest) {
        (None, None) if last == Id::NONE => changes(last, Vec::new(), true),
        // `last` is still there, or was older than what is: then some that followed it may be gone too. If everything is
        // older than `last`, this is another stream.
        (Some(oldest), Some(newest)) if oldest <= last && last <= newest => {
            let mut known = Vec::with_capacity(following.len());
            let mut end = last;
            for (id, fields) in following {
                end = Id::parse(id).ok_or(Gap)?;
                if let Some(change) = Change::of_fields(fields) {
                    known.push(change);
                } else {
                    tracing::error!(
                        "a record of revocations in Redis is not understood: somebody else writes there; give them another `.prefix(…)`"
                    );
                }
            }
            changes(end, known, end.cmp(&newest) != Ordering::Less)
        }
        _ => Err(Gap),
    }
}

/// The names of the keys.
pub(super) struct Keys {
    prefix: String,
}

impl Keys {
    /// In braces, so that a cluster keeps all of them on one node, where one transaction can change them.
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: format!("{{{prefix}:revocations}}") }
    }

    pub(super) fn set(&self, kind: Kind) -> String {
        format!("{}:{}", self.prefix, word(kind))
    }

    fn stream(&self) -> String {
        format!("{}:changes", self.prefix)
    }

    /// Everything that changes something, in one transaction.
    pub(super) fn write<'a>(&self, changes: impl IntoIterator<Item = &'a Change>) -> Pipeline {
        let mut transaction = pipe();
        transaction.atomic();
        for Change { name, time } in changes {
            let (set, member) = (self.set(name.kind), name.member());
            match time {
                Some(time) => transaction.cmd("ZADD").arg(&set).arg("GT").arg(*time).arg(&member),
                None => transaction.cmd("ZREM").arg(&set).arg(&member),
            }
            .ignore();
            transaction
                .cmd("XADD")
                .arg(self.stream())
                .arg(&["MAXLEN", "~"])
                .arg(MOST_CHANGES)
                .arg(&["*", "kind", word(name.kind), "member"])
                .arg(member)
                .arg("time")
                .arg(time.map_or_else(|| "-".to_owned(), |time| time.to_string()))
                .ignore();
        }
        transaction
    }

    /// Asks for [`RawChanges`], all at one moment.
    pub(super) fn read(&self, last: Id) -> Pipeline {
        let stream = self.stream();
        let mut transaction = pipe();
        transaction.atomic();
        transaction.cmd("XRANGE").arg(&stream).arg(&["-", "+", "COUNT", "1"]);
        transaction.cmd("XREVRANGE").arg(&stream).arg(&["+", "-", "COUNT", "1"]);
        let after = format!("({}-{}", last.0, last.1);
        transaction.cmd("XRANGE").arg(&stream).arg(after).arg(&["+", "COUNT", "1000"]);
        transaction
    }

    /// The newest record of the stream.
    pub(super) fn newest(&self) -> redis::Cmd {
        let mut newest = cmd("XREVRANGE");
        newest.arg(self.stream()).arg(&["+", "-", "COUNT", "1"]);
        newest
    }

    /// A part of a set, from a cursor on.
    pub(super) fn scan(&self, kind: Kind, cursor: u64) -> redis::Cmd {
        let mut scan = cmd("ZSCAN");
        scan.arg(self.set(kind)).arg(cursor).arg(&["COUNT", "1000"]);
        scan
    }

    /// Removes what is revoked up to this time or an earlier one.
    pub(super) fn drop_up_to(&self, kind: Kind, time: u64) -> redis::Cmd {
        let mut removal = cmd("ZREMRANGEBYSCORE");
        removal.arg(self.set(kind)).arg("-inf").arg(time);
        removal
    }
}

/// The id of what [`Keys::newest`] gives, or [`Id::NONE`].
pub(super) fn newest(raw: &[Raw]) -> Id {
    raw.first().and_then(|(id, _)| Id::parse(id)).unwrap_or(Id::NONE)
}

/// A score as a time. Nobody but us should write others, and of what nobody understands the later is the safer.
pub(super) fn time(score: f64) -> u64 {
    #[expect(clippy::cast_precision_loss, reason = "2^53 is exact")]
    let in_range = score < LATEST as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "below 2^53, and a negative one becomes 0"
    )]
    if in_range { score.ceil() as u64 } else { LATEST }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(number: u64) -> Raw {
        let fields = ["kind", "tokens", "member", r#"["i","j"]"#, "time", "9"];
        (format!("5-{number}"), fields.map(|field| field.as_bytes().to_vec()).to_vec())
    }

    /// What Redis gives when it holds these records, and those after `last` are asked for.
    fn raw(held: &[u64], last: u64) -> RawChanges {
        let ends =
            |number: Option<&u64>| number.map(|number| record(*number)).into_iter().collect();
        let following = held.iter().filter(|number| **number > last).map(|number| record(*number));
        (ends(held.first()), ends(held.last()), following.collect())
    }

    #[test]
    fn a15_a_record_that_could_be_lost_is_a_gap() {
        for (held, last, expected) in [
            (&[3, 4, 5][..], 3, Ok(2)),
            (&[3, 4, 5], 5, Ok(0)),
            (&[3, 5], 4, Ok(1)),
            // Trimmed beyond what was read: some in between may be gone.
            (&[4, 5], 3, Err(Gap)),
            // Another stream: a Redis that lost some, or all.
            (&[1, 2], 3, Err(Gap)),
            (&[], 3, Err(Gap)),
        ] {
            let found = changes(Id(5, last), &raw(held, last)).map(|read| read.found.len());
            assert_eq!(found, expected, "{held:?} after {last}");
        }
        // Nothing was there, and nothing or something is.
        assert!(changes(Id::NONE, &(vec![], vec![], vec![])).is_ok());
        assert!(changes(Id::NONE, &raw(&[1], 0)).is_err());
    }

    #[test]
    fn reading_goes_on_until_the_newest() {
        let mut all = raw(&[1, 2, 3, 4], 1);
        all.2.truncate(2);
        let read = changes(Id(5, 1), &all).unwrap();
        assert_eq!((read.last, read.complete, read.found.len()), (Id(5, 3), false, 2));
        let read = changes(Id(5, 3), &raw(&[1, 2, 3, 4], 3)).unwrap();
        assert_eq!((read.last, read.complete), (Id(5, 4), true));
        // Ids are numbers, not texts.
        assert!(Id::parse("10-9").unwrap() > Id::parse("9-10").unwrap());
    }

    #[test]
    fn a_record_that_is_not_understood_is_passed_over() {
        let change =
            |fields: [&str; 6]| Change::of_fields(&fields.map(|field| field.as_bytes().to_vec()));
        let name = Revoked::new(Kind::Subject, "i", "s");
        let member = &*name.member();
        assert_eq!(
            change(["kind", "subjects", "member", member, "time", "12"]),
            Some(Change { name: name.clone(), time: Some(12) })
        );
        assert_eq!(
            change(["kind", "subjects", "member", member, "time", "-"]),
            Some(Change { name, time: None })
        );
        assert_eq!(change(["kind", "roles", "member", member, "time", "12"]), None);
        assert_eq!(change(["kind", "subjects", "member", "i s", "time", "12"]), None);
        assert_eq!(change(["kind", "subjects", "member", member, "time", "-1"]), None);
        assert_eq!(Change::of_fields(&[]), None);
    }

    #[test]
    fn a_score_is_a_time_and_what_is_none_is_the_latest() {
        for (score, expected) in [
            (1.7e9, 1_700_000_000),
            (1.5, 2),
            (-3.0, 0),
            (9_007_199_254_740_991.0, LATEST - 1),
            (f64::INFINITY, LATEST),
            (f64::NAN, LATEST),
        ] {
            assert_eq!(time(score), expected, "{score}");
        }
    }

    proptest! {
        #[test]
        fn no_name_passes_for_another(
            one in ("\\PC{0,8}", "\\PC{0,8}"),
            two in (r#"[\[\]",\\\x00a]{0,4}"#, r#"[\[\]",\\\x00a]{0,4}"#),
        ) {
            for (issuer, name) in [&one, &two] {
                let name = Revoked::new(Kind::Token, issuer, name);
                let back = Revoked::of_member(Kind::Token, name.member().as_bytes());
                prop_assert_eq!(back, Some(name));
            }
        }
    }
}
