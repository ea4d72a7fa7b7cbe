//! `"5m"`: how long.

use syn::LitStr;

/// A duration, never zero.
#[derive(Clone, Copy)]
pub(crate) struct Seconds {
    pub(crate) seconds: u64,
}

const UNITS: [(char, u64, &str); 4] =
    [('d', 86_400, "day"), ('h', 3_600, "hour"), ('m', 60, "minute"), ('s', 1, "second")];

impl Seconds {
    /// Reads numbers with units behind them: `"30s"`, `"5m"`, `"1h30m"`.
    pub(crate) fn parse(written: &LitStr) -> Result<Self, String> {
        let text = written.value();
        let problem = || {
            let text = if text.is_empty() { "\"\"" } else { &text };
            format!(
                "`{text}` is no duration: write numbers with `s`, `m`, `h` or `d` behind them, such as `\"5m\"` or `\"1h30m\"`"
            )
        };
        let mut seconds: u64 = 0;
        let mut number: Option<u64> = None;
        for c in text.chars() {
            if let Some(digit) = c.to_digit(10) {
                let next =
                    number.unwrap_or(0).checked_mul(10).and_then(|it| it.checked_add(digit.into()));
                number = Some(next.ok_or_else(problem)?);
            } else {
                let (_, factor, _) =
                    UNITS.iter().find(|(unit, ..)| *unit == c).ok_or_else(problem)?;
                let amount = number.take().and_then(|number| number.checked_mul(*factor));
                seconds = amount.and_then(|it| it.checked_add(seconds)).ok_or_else(problem)?;
            }
        }
        if number.is_some() || text.is_empty() {
            return Err(problem());
        }
        if seconds == 0 {
            return Err("nobody authenticated that recently: write how old the authentication may be, such as `\"5m\"`".to_owned());
        }
        Ok(Self { seconds })
    }

    /// "1 hour 30 minutes".
    pub(crate) fn words(self) -> String {
        let mut rest = self.seconds;
        let mut words = Vec::new();
        for (_, factor, unit) in UNITS {
            let amount = rest / factor;
            rest %= factor;
            if amount > 0 {
                words.push(format!("{amount} {unit}{}", if amount == 1 { "" } else { "s" }));
            }
        }
        words.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;

    use super::*;

    fn parse(text: &str) -> Result<Seconds, String> {
        Seconds::parse(&LitStr::new(text, Span::call_site()))
    }

    #[test]
    fn durations_are_read_and_said() {
        for (text, seconds, words) in [
            ("30s", 30, "30 seconds"),
            ("5m", 300, "5 minutes"),
            ("1h30m", 5_400, "1 hour 30 minutes"),
            ("90m", 5_400, "1 hour 30 minutes"),
            ("2d", 172_800, "2 days"),
        ] {
            let duration = parse(text).unwrap();
            assert_eq!((duration.seconds, &*duration.words()), (seconds, words), "{text}");
        }
        for text in
            ["", "5", "m", "5 m", "-5m", "5min", "5m3", "1.5h", "99999999999999999999d", "0s"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
