//! A bar chart without a library. Readable on light and on dark ground.

use std::fmt::Write as _;

use crate::{
    compare::{Times, number},
    subjects::{GUARD, GUARDED},
    tokens::{Alg, Case},
};

const WIDTH: f64 = 760.0;
const LEFT: f64 = 230.0;
const RIGHT: f64 = 90.0;
const BAR: f64 = 15.0;
/// Where the logarithmic axis begins and ends, in nanoseconds.
const FROM: f64 = 10.0;
const TO: f64 = 200_000.0;

/// What a request with a token that was seen before costs over the bare handler.
pub fn chart(times: &Times) -> String {
    let case = Case::Same;
    let x = |ns: f64| {
        let place = (ns.clamp(FROM, TO) / FROM).log10() / (TO / FROM).log10();
        LEFT + place * (WIDTH - LEFT - RIGHT)
    };
    let mut bars = String::new();
    let mut y = 58.0;
    for alg in Alg::ALL {
        let _ = writeln!(bars, r#"<text x="0" y="{}" class="head">{alg}</text>"#, y + 12.0);
        for (name, _) in GUARDED {
            let Some(time) = times.get(&(alg, case, name)) else { continue };
            let class = if name == GUARD { "ours" } else { "peer" };
            let end = x(time.over);
            let _ = writeln!(
                bars,
                r#"<text x="{}" y="{}" text-anchor="end">{name}</text><rect x="{LEFT}" y="{y}" width="{:.1}" height="{}" class="{class}"/><text x="{:.1}" y="{}">{} ns</text>"#,
                LEFT - 6.0,
                y + 12.0,
                (end - LEFT).max(1.0),
                BAR,
                end + 5.0,
                y + 12.0,
                number(time.over.round()),
            );
            y += BAR + 4.0;
        }
        y += 12.0;
    }
    let mut axis = String::new();
    for (ns, label) in
        [(10.0, "10 ns"), (100.0, "100 ns"), (1e3, "1 µs"), (1e4, "10 µs"), (1e5, "100 µs")]
    {
        let _ = writeln!(
            axis,
            r#"<line x1="{0:.1}" x2="{0:.1}" y1="48" y2="{y}" class="grid"/><text x="{0:.1}" y="42" text-anchor="middle">{label}</text>"#,
            x(ns),
        );
    }
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" role="img" aria-labelledby="title">
<title id="title">Nanoseconds that a request with a valid token costs over the bare handler, for each algorithm and crate</title>
<style>
text {{ font: 12px system-ui, sans-serif; fill: #24292f; }}
.head {{ font-weight: 600; }}
.ours {{ fill: #1a7f37; }}
.peer {{ fill: #8c959f; }}
.grid {{ stroke: #8c959f; stroke-opacity: .35; }}
@media (prefers-color-scheme: dark) {{
  text {{ fill: #e6edf3; }}
  .ours {{ fill: #3fb950; }}
  .peer {{ fill: #6e7681; }}
}}
</style>
<text x="0" y="16" class="head">Time over the bare handler, {case} (logarithmic)</text>
{axis}{bars}</svg>
"#
    )
}
