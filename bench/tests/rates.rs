//! Calibration and open loops, with the real servers and load generators, in short windows.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use std::fs;
use std::process::Command;

use records::{CALIBRATION_FILE, CalibrationRecord, Purpose};
use support::experiment::{HEAD, Measured, has};
use support::real::{bench, run, subjects};

#[test]
fn rates_are_set_by_the_calibration_and_a_resumed_run_keeps_them() {
    let loads = r#"
        [[load]]
        connections = 5
        generator = "flood"
        offered_percent = 10
    "#;
    let measured = Measured::of(r#"["tokio-published", "kio-uring"]"#, loads, &[]);
    let calibrations = measured.calibrations();
    // Both share their processors, so that no ceiling is one side's.
    assert_eq!(calibrations.len(), 6);
    assert!(
        calibrations
            .iter()
            .all(|record| record.purpose == Purpose::Capacity)
    );
    let plan = measured.plan();
    let rate = plan.load_points[0].offered_rate_per_s.unwrap();
    for row in measured.rows() {
        assert_eq!(row.offered_rate_per_s, Some(rate));
        // What was offered is the most that can be answered.
        let most = rate as f64 * row.window_us.unwrap() as f64 / 1e6 + 1.0;
        assert!(row.requests.unwrap() as f64 <= most, "{row:?}");
    }
    for load in support::loads(&measured.folder()) {
        assert_eq!(load.latency_corrected_by, "generator");
        assert!(
            load.client_command.contains(&"--rate".to_owned()),
            "{load:?}"
        );
    }
    let before = fs::read(measured.folder().join(CALIBRATION_FILE)).unwrap();
    let resume = ["run", "loads.toml", "--resume", "run"];
    let (ended, _, said) = run(&mut bench(measured.directory.path(), &resume));
    assert!(ended.status.success(), "{said}");
    assert_eq!(measured.plan(), plan);
    let after = fs::read(measured.folder().join(CALIBRATION_FILE)).unwrap();
    assert!(before == after && !said.contains("calibration:"), "{said}");
}

#[test]
fn the_generators_ceiling_is_measured_with_the_cheapest_server() {
    if bench::processors::available().unwrap().len() < 2 {
        eprintln!("SKIPPED: one processor has no ceiling of one side");
        return;
    }
    let text = HEAD.replace("placement = \"shared\"", "");
    let directory = tempfile::tempdir().unwrap();
    let loads = "[[load]]\nconnections = 4\n[[load]]\nconnections = 4\ngenerator = 'flood'\n";
    let text = format!("{text}arms = ['kio-uring']\n{loads}");
    fs::write(directory.path().join("loads.toml"), text).unwrap();
    // The shortest run: its ceilings are a single window.
    let arguments = ["run", "loads.toml", "--out", "run"];
    let (ended, _, said) = run(&mut bench(directory.path(), &arguments));
    assert!(ended.status.success(), "{said}");
    let text = fs::read_to_string(directory.path().join("run").join(CALIBRATION_FILE));
    let Ok(text) = text else {
        assert!(said.contains("ceiling is not measured"), "{said}");
        eprintln!("SKIPPED: no floor is built (`cargo build -p floors`)");
        return;
    };
    let record: CalibrationRecord = serde_json::from_str(text.trim()).unwrap();
    assert_eq!(record.purpose, Purpose::ClientCeiling);
    assert!(record.measurement.arm.ends_with("-floor"));
    assert_eq!(
        (record.measurement.error.as_str(), record.client_threads),
        ("", 1)
    );
    assert_eq!(
        record
            .client_cpus
            .iter()
            .filter(|cpu| record.server_cpus.contains(cpu))
            .count(),
        0
    );
}

#[test]
fn oha_is_read_whole() {
    if !has("oha") {
        return;
    }
    let loads = r#"
        [[load]]
        connections = 5
        generator = "oha"
        offered_rate_per_s = 400
        [[load]]
        connections = 5
        generator = "flood"
        offered_rate_per_s = 400
    "#;
    let measured = Measured::of(r#"["tokio-published", "kio-uring"]"#, loads, &[]);
    assert!(measured.said.contains("flood and oha"), "{}", measured.said);
    for row in measured.rows() {
        assert_eq!((row.socket_errors, row.status_errors), (Some(0), Some(0)));
        // The window is as long as the generator says, not as long as it was asked for.
        let offered = 400.0 * row.window_us.unwrap() as f64 / 1e6;
        assert!(row.requests.unwrap() as f64 <= offered + 1.0, "{row:?}");
        assert_eq!(row.connections_open, Some(5), "{row:?}");
        assert!(row.client_cpu_us.unwrap() > 0);
    }
    for load in support::loads(&measured.folder()) {
        assert_eq!(load.latency_corrected_by, "generator");
    }
}

/// flood and oha against a server that answers after 20 ms: each latency is at least that, and the two
/// medians are close to each other.
#[test]
fn flood_and_oha_agree_about_a_server_of_a_known_delay() {
    if !has("oha") {
        return;
    }
    let address = delayed::server(std::time::Duration::from_millis(20));
    let window = ["--connections", "10", "--duration-s", "2", "--rate", "200"];
    let flood = Command::new(subjects().join("flood"))
        .args(["--address", &address])
        .args(window)
        .output()
        .unwrap();
    let text = String::from_utf8(flood.stdout).unwrap();
    let report: serde_json::Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
    let of_flood =
        [&report["latency_min_us"], &report["latency_p50_us"]].map(|v| v.as_u64().unwrap());
    let options = "-z 2s -c 10 -q 200 --latency-correction --no-tui --output-format csv";
    let oha = Command::new("oha")
        .args(options.split(' '))
        .arg(format!("http://{address}/"))
        .output()
        .unwrap();
    let mut rows = csv::Reader::from_reader(oha.stdout.as_slice());
    let latency_us = |row: csv::StringRecord| (row[4].parse::<f64>().unwrap() * 1e6) as u64;
    let mut latencies: Vec<u64> = rows.records().map(|row| latency_us(row.unwrap())).collect();
    latencies.sort_unstable();
    let of_oha = [
        latencies[latencies.len() / 10],
        latencies[latencies.len() / 2],
    ];
    // Nothing is faster than the server. How much slower a busy machine makes it is not the point: the
    // half of either's requests that met with least disturbance took about as long.
    let halves = [of_flood, of_oha];
    assert!(
        halves
            .iter()
            .all(|[least, median]| *least >= 19_900 && median >= least),
        "{halves:?}"
    );
    let [flood, oha] = [of_flood[0] as f64, of_oha[0] as f64];
    assert!((0.25..4.0).contains(&(flood / oha)), "{halves:?}");
}

mod delayed {
    //! A server that takes its time.

    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::thread;
    use std::time::Duration;

    /// Answers every request after `delay`; returns where.
    pub fn server(delay: Duration) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                thread::spawn(move || talk(stream, delay));
            }
        });
        address
    }

    fn talk(mut stream: TcpStream, delay: Duration) {
        let mut chunk = [0; 4096];
        while let Ok(1..) = stream.read(&mut chunk) {
            thread::sleep(delay);
            if stream.write_all(hello_http::HELLO).is_err() {
                return;
            }
        }
    }
}
