//! The card's quantitative statements, in its own words.

use records::{Generator, LoadPoint};

use super::{CARD_KIO_ARM, CARD_TOKIO_ARM, Claim, Connections, Family, Shape, Test};
use crate::gates::opened_by;
use crate::metric::Metric;
use crate::published::{DEFAULT_NOFILE, Published, PublishedCell};

/// The card's words by load: summary, and the rows of its table.
struct Words {
    connections: u32,
    summary: &'static str,
    throughput_percent: i32,
    /// Change of the mean latency; `None` where the card says "similar".
    latency_percent: Option<i32>,
    p50: &'static str,
    p99: &'static str,
    cpu: &'static str,
}

const WORDS: [Words; 3] = [
    Words {
        connections: 50,
        summary: "Low concurrency (50): kio 26% higher throughput, 20% lower latency",
        throughput_percent: 26,
        latency_percent: Some(-20),
        p50: "P50 Latency | 299µs | 396µs",
        p99: "P99 Latency | 1.06ms | 1.14ms",
        cpu: "CPU Usage | ~40% | ~20%",
    },
    Words {
        connections: 500,
        summary: "Medium concurrency (500): kio 16% higher throughput, 13% lower latency",
        throughput_percent: 16,
        latency_percent: Some(-13),
        p50: "P50 Latency | 2.37ms | 2.65ms",
        p99: "P99 Latency | 7.11ms | 7.90ms",
        cpu: "CPU Usage | ~40% | ~40%",
    },
    Words {
        connections: 2000,
        summary: "High concurrency (2000): kio 2% higher throughput, latency similar",
        throughput_percent: 2,
        latency_percent: None,
        p50: "P50 Latency | 5.30ms | 5.10ms",
        p99: "P99 Latency | 9.74ms | 12.95ms",
        cpu: "CPU Usage | ~40% | ~40%",
    },
];

const RANGE: &str = "kio shows 15-26% higher throughput at typical web server concurrency levels";
/// The lower end of the range: the least that must be reached at each of the card's typical loads.
const RANGE_LEAST_PERCENT: i32 = 15;
const RANGE_CONNECTIONS: [u32; 2] = [50, 500];

/// Half a step of the card's CPU shares, which are given in tens of percent.
const CPU_ROUNDING_PERCENT: f64 = 5.0;

const SATURATE: &str = "Both implementations saturate around 180k req/sec on this hardware.";
/// The loads at which the card's tables show those 180 thousand.
const SATURATE_CONNECTIONS: [u32; 2] = [500, 2000];

/// A figure of the card's tables.
type Figure = fn(&PublishedCell) -> f64;

/// All claims of the card, in its order.
pub(super) fn claims(published: &Published) -> Vec<Claim> {
    let mut claims = Vec::new();
    for words in &WORDS {
        claims.extend(load_claims(words, published));
    }
    claims.push(ratio_claim(
        "card-throughput-range".to_owned(),
        RANGE,
        Metric::RequestsPerSecond,
        RANGE_CONNECTIONS.map(closed_loop).to_vec(),
        Shape::Times(times(RANGE_LEAST_PERCENT)),
    ));
    for connections in SATURATE_CONNECTIONS {
        claims.push(Claim {
            id: format!("card-saturation-{connections}"),
            family: Family::Card,
            quote: SATURATE.to_owned(),
            test: Test::Saturation {
                arms: card_arms(),
                load: closed_loop(connections),
            },
            needs_saturation: false,
        });
    }
    for connections in published.loads() {
        claims.extend(connect_errors(published, connections));
    }
    claims
}

fn load_claims(words: &Words, published: &Published) -> Vec<Claim> {
    let connections = words.connections;
    let claim = |name: &str, quote: &str, metric, shape| {
        ratio_claim(
            format!("card-{name}-{connections}"),
            quote,
            metric,
            vec![closed_loop(connections)],
            shape,
        )
    };
    let mut claims = vec![
        claim(
            "throughput",
            words.summary,
            Metric::RequestsPerSecond,
            Shape::Times(times(words.throughput_percent)),
        ),
        claim(
            "latency",
            words.summary,
            Metric::LatencyMeanUs,
            words
                .latency_percent
                .map_or(Shape::Similar, |percent| Shape::Times(times(percent))),
        ),
    ];
    // The ratios that the card's tables imply but its prose does not state.
    if let Some((kio, tokio)) = published.pair(connections) {
        let implied = |of: Figure| Shape::Times(of(kio) / of(tokio));
        let tables: [(&str, &str, Metric, Figure); 2] = [
            ("p50", words.p50, Metric::LatencyP50Us, |c| c.latency_p50_us),
            ("p99", words.p99, Metric::LatencyP99Us, |c| c.latency_p99_us),
        ];
        for (name, quote, metric, of) in tables {
            claims.push(claim(name, quote, metric, implied(of)));
        }
        if let Some(shape) = implied_cpu(kio, tokio) {
            claims.push(claim("cpu", words.cpu, Metric::CpuUsPerRequest, shape));
        }
    }
    claims
}

/// The direction that the card's CPU column implies for CPU a request, where it implies one: the
/// shares are rounded ("~40 %"), so they may be off by [`CPU_ROUNDING_PERCENT`] either way.
fn implied_cpu(kio: &PublishedCell, tokio: &PublishedCell) -> Option<Shape> {
    let ratio = kio.cpu_us_per_request() / tokio.cpu_us_per_request();
    let stretch =
        |cell: &PublishedCell, by: f64| (cell.server_cpu_percent + by) / cell.server_cpu_percent;
    let off = CPU_ROUNDING_PERCENT;
    let least = ratio * stretch(kio, -off) / stretch(tokio, off);
    let most = ratio * stretch(kio, off) / stretch(tokio, -off);
    if least > 1.0 {
        Some(Shape::More)
    } else if most < 1.0 {
        Some(Shape::Less)
    } else {
        None
    }
}

fn connect_errors(published: &Published, connections: u32) -> Option<Claim> {
    let (kio, _) = published.pair(connections)?;
    let errors = kio.socket_errors_connect?;
    let tried = opened_by(Generator::Wrk, kio.wrk_threads, connections);
    Some(Claim {
        id: format!("card-connect-errors-{connections}"),
        family: Family::Card,
        quote: format!("Socket Errors | {errors} connect | {errors} connect"),
        test: Test::ConnectErrors {
            arms: card_arms(),
            load: closed_loop(connections),
            limited: LoadPoint {
                client_nofile: Some(DEFAULT_NOFILE),
                ..closed_loop(connections)
            },
            published: Connections {
                failed: errors,
                open: tried.checked_sub(errors)?,
            },
        },
        needs_saturation: false,
    })
}

fn ratio_claim(
    id: String,
    quote: &str,
    metric: Metric,
    loads: Vec<LoadPoint>,
    shape: Shape,
) -> Claim {
    let [ours, base] = card_arms();
    Claim {
        id,
        family: Family::Card,
        quote: quote.to_owned(),
        test: Test::Ratio {
            ours,
            base,
            metric,
            loads,
            shape,
        },
        needs_saturation: false,
    }
}

fn card_arms() -> [String; 2] {
    [CARD_KIO_ARM.to_owned(), CARD_TOKIO_ARM.to_owned()]
}

fn closed_loop(connections: u32) -> LoadPoint {
    LoadPoint {
        connections,
        ..LoadPoint::default()
    }
}

/// "+26 %" as a ratio.
fn times(percent: i32) -> f64 {
    f64::from(100 + percent) / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounded_percent(ratio: f64) -> i32 {
        ((ratio - 1.0) * 100.0).round() as i32
    }

    /// `299µs` or `1.06ms`, in microseconds.
    fn us(text: &str) -> f64 {
        match text.strip_suffix("ms") {
            Some(ms) => ms.parse::<f64>().unwrap() * 1000.0,
            None => text.strip_suffix("µs").unwrap().parse().unwrap(),
        }
    }

    #[test]
    fn the_words_agree_with_the_published_figures() {
        let published = Published::read().unwrap();
        for words in &WORDS {
            let (kio, tokio) = published.pair(words.connections).unwrap();
            let throughput = kio.requests_per_second / tokio.requests_per_second;
            assert_eq!(rounded_percent(throughput), words.throughput_percent);
            assert!(
                words
                    .summary
                    .contains(&format!("{}% higher", words.throughput_percent))
            );
            if let Some(percent) = words.latency_percent {
                let latency = kio.latency_mean_us / tokio.latency_mean_us;
                assert_eq!(rounded_percent(latency), percent);
                assert!(words.summary.contains(&format!("{}% lower", -percent)));
            }
            let cells = |row: &'static str| row.split(" | ").skip(1).collect::<Vec<_>>();
            assert!((us(cells(words.p50)[0]) - kio.latency_p50_us).abs() < 1e-6);
            assert!((us(cells(words.p50)[1]) - tokio.latency_p50_us).abs() < 1e-6);
            assert!((us(cells(words.p99)[0]) - kio.latency_p99_us).abs() < 1e-6);
            assert!((us(cells(words.p99)[1]) - tokio.latency_p99_us).abs() < 1e-6);
            assert_eq!(cells(words.cpu)[0], format!("~{}%", kio.server_cpu_percent));
            assert_eq!(
                cells(words.cpu)[1],
                format!("~{}%", tokio.server_cpu_percent)
            );
        }
        assert!(RANGE.contains(&format!("{RANGE_LEAST_PERCENT}-26%")));
    }

    #[test]
    fn every_claim_has_an_id_of_its_own() {
        let claims = claims(&Published::read().unwrap());
        let mut ids: Vec<&str> = claims.iter().map(|claim| claim.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), claims.len());
        assert_eq!(
            claims.len(),
            3 * 4 + 1 + 1 + 2 + 1,
            "CPU is claimed at one load only"
        );
    }
}
