//! A recorder that tests can ask.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use metrics::{
    Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};

/// What was counted, measured and described. Clones are one.
#[derive(Clone, Debug, Default)]
pub struct Recorded(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// By name and labels; a gauge's bits are those of a double.
    values: BTreeMap<String, Arc<AtomicU64>>,
    described: BTreeMap<String, (&'static str, Option<Unit>)>,
}

impl Recorded {
    /// What a counter, or the number of a histogram's values, came to. Series are called as in
    /// `auth_decisions_total{outcome="granted",reason="granted"}`.
    #[must_use]
    pub fn count(&self, series: &str) -> u64 {
        self.value(series).unwrap_or(0)
    }

    /// What a gauge was set to, if it was.
    #[must_use]
    pub fn gauge(&self, series: &str) -> Option<f64> {
        self.value(series).map(f64::from_bits)
    }

    /// Everything there is of one metric: its series, without the name, and what they came to.
    #[must_use]
    pub fn series(&self, name: &str) -> BTreeMap<String, u64> {
        let known = self.lock();
        let of = |series: &String| {
            Some(series.strip_prefix(name)?.to_owned())
                .filter(|rest| rest.is_empty() || rest.starts_with('{'))
        };
        let read = |value: &AtomicU64| value.load(Ordering::SeqCst);
        known.values.iter().filter_map(|(series, value)| Some((of(series)?, read(value)))).collect()
    }

    /// What was described, by name: its kind and its unit.
    #[must_use]
    pub fn described(&self) -> BTreeMap<String, (&'static str, Option<Unit>)> {
        self.lock().described.clone()
    }

    fn value(&self, series: &str) -> Option<u64> {
        self.lock().values.get(series).map(|value| value.load(Ordering::SeqCst))
    }

    fn register(&self, key: &Key) -> Arc<AtomicU64> {
        let labels: Vec<_> =
            key.labels().map(|label| format!("{}={:?}", label.key(), label.value())).collect();
        let labels =
            if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let series = format!("{}{labels}", key.name());
        Arc::clone(self.lock().values.entry(series).or_default())
    }

    fn describe(&self, key: &KeyName, kind: &'static str, unit: Option<Unit>) {
        self.lock().described.insert(key.as_str().to_owned(), (kind, unit));
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recorder for Recorded {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe(&key, "counter", unit);
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe(&key, "gauge", unit);
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe(&key, "histogram", unit);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.register(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.register(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(Arc::new(Values(self.register(key))))
    }
}

/// Counts values, whichever.
struct Values(Arc<AtomicU64>);

impl HistogramFn for Values {
    fn record(&self, _: f64) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}
