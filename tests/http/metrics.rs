//! Decisions are counted, with the feature `metrics`.

use std::collections::BTreeMap;

use actix_web::test::TestRequest;
use auth_tests::Tokens;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};

use crate::{get_as, send};

#[test]
fn decisions_are_counted_by_outcome_and_reason() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        actix_web::rt::System::new().block_on(async {
            for token in ["admin", "admin", "user", "unknown"] {
                send(Tokens::slow().auth(), get_as("/admin", token)).await;
            }
            send(Tokens::ready().auth(), TestRequest::get().uri("/admin")).await;
        });
    });
    let mut counts = BTreeMap::new();
    let mut verifications = 0;
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let key = key.key();
        match (key.name(), value) {
            ("auth_decisions_total", DebugValue::Counter(count)) => {
                let labels: Vec<&str> = key.labels().map(metrics::Label::value).collect();
                counts.insert(labels.join(" "), count);
            }
            ("auth_verification_seconds", DebugValue::Histogram(values)) => {
                verifications += values.len();
            }
            (other, _) => panic!("unexpected {other}"),
        }
    }
    let expected = [
        ("denied forbidden", 1),
        ("denied invalid_token", 1),
        ("denied no_credentials", 1),
        ("granted granted", 2),
    ];
    assert_eq!(counts, expected.map(|(labels, count)| (labels.to_owned(), count)).into());
    assert_eq!(verifications, 5);
}
