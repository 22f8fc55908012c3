//! Each kind of load once, with the real servers and load generators, in short windows.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use bench::results::Folder;
use bench::subjects::find_command;
use records::{
    CALIBRATION_FILE, CalibrationRecord, Generator, LoadPoint, Measurement, Plan, Purpose,
};
use support::real::{bench, run, subjects};
use support::rows;

const HEAD: &str = r#"
    name = "loads"
    description = "One kind of load"
    blocks = 1
    window_s = 1
    warm_up_ms = 50
    workers = 1
    client_threads = 1
    placement = "shared"
"#;

/// A folder of results, and what was said.
struct Measured {
    directory: tempfile::TempDir,
    said: String,
}

impl Measured {
    /// Runs an experiment of one block: its arms, and its loads in TOML.
    fn of(arms: &str, loads: &str, options: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let text = format!("{HEAD}arms = {arms}\n{loads}");
        fs::write(directory.path().join("loads.toml"), text).unwrap();
        let first = ["run", "loads.toml", "--out", "run", "--seed", "1"];
        let arguments = [&first[..], options].concat();
        let (ended, _, said) = run(&mut bench(directory.path(), &arguments));
        assert!(ended.status.success(), "{said}");
        Self { directory, said }
    }

    fn folder(&self) -> PathBuf {
        self.directory.path().join("run")
    }

    fn plan(&self) -> Plan {
        Folder::plan(&self.folder()).unwrap()
    }

    /// The rows, none of which has failed.
    fn rows(&self) -> Vec<Measurement> {
        let rows = rows(&self.folder());
        for row in &rows {
            assert_eq!(row.error, "", "{row:?}");
            assert!(row.requests.unwrap() > 0, "{row:?}");
        }
        rows
    }

    fn calibrations(&self) -> Vec<CalibrationRecord> {
        let path = self.folder().join(CALIBRATION_FILE);
        let text = fs::read_to_string(path).unwrap_or_default();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

fn sum(list: &str) -> u64 {
    list.split(';').map(|n| n.parse::<u64>().unwrap()).sum()
}

/// Whether a tool is there; where it is not, says so, since the test then shows nothing.
fn has(tool: &str) -> bool {
    let found = find_command(Path::new(tool)).is_some();
    if !found {
        eprintln!("SKIPPED: {tool} is not in PATH (`cargo install --locked {tool}`)");
    }
    found
}

#[test]
fn bodies_of_every_length_arrive_whole() {
    let loads = r#"
        [[load]]
        connections = 4
        generator = "flood"
        body_bytes = 65536
        [[load]]
        connections = 4
        body_bytes = 1024
        pipeline = 4
    "#;
    let arms = r#"["tokio-published", "kio-epoll", "kio-uring", "epoll-floor", "uring-floor"]"#;
    for row in Measured::of(arms, loads, &[]).rows() {
        let body = row.body_bytes.unwrap();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {body}\r\n\r\n");
        let bytes = row.requests.unwrap() * (head.len() as u64 + u64::from(body));
        assert_eq!(row.response_bytes, Some(bytes), "{row:?}");
        assert_eq!((row.socket_errors, row.status_errors), (Some(0), Some(0)));
        let told = format!("body-bytes={body}");
        assert!(row.configuration.contains(&told), "{row:?}");
    }
}

#[test]
fn an_arm_of_one_body_has_rows_that_say_so() {
    let server = subjects().join("tokio-baseline");
    let subject = format!("mine={}", server.display());
    let loads = "[[load]]\nconnections = 2\nbody_bytes = 99\n";
    let measured = Measured::of(r#"["kio-uring"]"#, loads, &["--subject", &subject]);
    let rows = rows(&measured.folder());
    let mine = rows.iter().find(|row| row.arm == "mine").unwrap();
    assert!(
        mine.error.contains("verification before the window failed"),
        "{mine:?}"
    );
    assert!(
        rows.iter()
            .any(|row| row.arm == "kio-uring" && row.error.is_empty())
    );
}

#[test]
fn new_connections_for_every_request_are_accepted_and_counted() {
    let loads = r#"
        [[load]]
        connections = 8
        generator = "flood"
        requests_per_connection = 1
        [[load]]
        connections = 8
        generator = "flood"
        requests_per_connection = 5
    "#;
    let arms = r#"["tokio-published", "kio-epoll", "kio-uring-oneshot", "kio-uring", "epoll-floor", "uring-floor"]"#;
    for row in Measured::of(arms, loads, &[]).rows() {
        assert_eq!(
            (row.socket_errors, row.status_errors),
            (Some(0), Some(0)),
            "{row:?}"
        );
        assert_eq!(row.connections_open, Some(8));
        // Beside them: the two that told the answers, and those under way at either end.
        let accepts = sum(&row.accepts_by_worker);
        let requests = row.requests.unwrap();
        let per_connection = u64::from(row.requests_per_connection.unwrap());
        let connections = requests / per_connection;
        assert!(
            (connections..=connections + 20).contains(&accepts),
            "{row:?}"
        );
    }
}

#[test]
fn each_number_of_workers_is_a_cell() {
    let loads = "[[load]]\nconnections = 6\ngenerator = 'flood'\nworkers = 'each'\n";
    let text = HEAD.replace("workers = 1", "workers = 3");
    let directory = tempfile::tempdir().unwrap();
    let text = format!("{text}arms = ['kio-uring', 'tokio-published']\n{loads}");
    fs::write(directory.path().join("loads.toml"), text).unwrap();
    let arguments = ["run", "loads.toml", "--out", "run"];
    let (ended, _, said) = run(&mut bench(directory.path(), &arguments));
    assert!(ended.status.success(), "{said}");
    let mut seen: Vec<u32> = Vec::new();
    for row in rows(&directory.path().join("run")) {
        assert_eq!(row.error, "");
        let workers = row.workers.unwrap();
        assert!(
            row.configuration.contains(&format!("workers={workers} ")),
            "{row:?}"
        );
        assert_eq!(row.accepts_by_worker.split(';').count(), workers as usize);
        seen.push(workers);
    }
    seen.sort_unstable();
    assert_eq!(seen, [1, 1, 2, 2, 3, 3]);
}

/// The published client: 12 threads and 1024 files for 2000 connections.
#[test]
fn the_cards_983_connect_errors_are_those_of_a_client_of_1024_files() {
    let arms = r#"["tokio-published-no-parse", "kio-uring-published-no-parse-heap"]"#;
    // Long enough for a busy machine to open the connections before the middle.
    let text = HEAD.replace("client_threads = 1", "client_threads = 12");
    let text = text.replace("window_s = 1", "window_s = 4");
    let loads = r#"
        [[load]]
        connections = 2000
        client_nofile = 1024
        expect = { connections_open = 1009, socket_errors_connect = 983 }
    "#;
    let directory = tempfile::tempdir().unwrap();
    fs::write(
        directory.path().join("loads.toml"),
        format!("{text}arms = {arms}\n{loads}"),
    )
    .unwrap();
    let arguments = ["run", "loads.toml", "--out", "run"];
    let (ended, _, said) = run(&mut bench(directory.path(), &arguments));
    assert!(ended.status.success(), "{said}");
    let folder = directory.path().join("run");
    let plan = Folder::plan(&folder).unwrap();
    for row in rows(&folder) {
        let expected = plan.expected_at(&row.load_point()).unwrap();
        assert_eq!(row.error, "");
        assert_eq!(
            row.connections_open,
            Some(expected.connections_open),
            "{row:?}"
        );
        let failed = Some(expected.socket_errors_connect);
        assert_eq!(row.socket_errors_connect, failed, "{row:?}");
        // Beside them, a busy machine may take longer than wrk's limit for an answer.
        assert_eq!(
            (row.socket_errors_read, row.socket_errors_write),
            (Some(0), Some(0))
        );
    }
}

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
        assert!(row.requests.unwrap() <= 401, "{row:?}");
        assert_eq!(row.connections_open, Some(5), "{row:?}");
        assert!(row.client_cpu_us.unwrap() > 0);
    }
    for load in support::loads(&measured.folder()) {
        assert_eq!(load.latency_corrected_by, "generator");
    }
}

/// A server that cannot be told its port and ends with its standard input.
#[test]
fn a_server_of_one_port_that_reads_its_input_is_an_arm() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let server = subjects().join("tokio-baseline");
    let script = format!(
        "{} --listen 127.0.0.1:{port} --workers 1 >/dev/null & pid=$!; read line; kill $pid",
        server.display()
    );
    let directory = tempfile::tempdir().unwrap();
    let arms = format!(
        "[[arm]]\nname = 'stubborn'\ncommand = 'sh'\nargs = ['-c', '{script}']\nport = {port}\nends_with_stdin = true\n"
    );
    fs::write(directory.path().join("arms.toml"), arms).unwrap();
    let text = format!("{HEAD}arms = ['stubborn']\n[[load]]\nconnections = 3\n");
    fs::write(directory.path().join("loads.toml"), text).unwrap();
    let arguments = [
        "run",
        "loads.toml",
        "--arms-file",
        "arms.toml",
        "--out",
        "run",
    ];
    let (ended, _, said) = run(&mut bench(directory.path(), &arguments));
    assert!(ended.status.success(), "{said}");
    let rows = rows(&directory.path().join("run"));
    assert_eq!(rows[0].error, "");
    assert!(rows[0].requests.unwrap() > 0);
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

#[test]
fn connections_from_several_addresses_are_all_open() {
    // More than an address's share of ports needs more files than many machines allow, so the
    // arithmetic alone is looked at here, and flood's own tests open the connections.
    let load = LoadPoint {
        connections: 50_000,
        generator: Generator::Flood,
        ..LoadPoint::default()
    };
    let arms = bench::arms::Arms::load(None, &[]).unwrap();
    let experiment = bench::experiment::Experiment::load("scale-connections").unwrap();
    let plan = experiment.plan(&arms, &[0, 1], false, 1).unwrap();
    let words = bench::load::arguments(&plan, &load, "127.0.0.1:1").join(" ");
    assert!(words.ends_with("--sources 3"), "{words}");
    assert!(
        plan.load_points
            .iter()
            .any(|load| load.connections == 200_000)
    );
}
