//! Each kind of load once, with the real servers and load generators, in short windows.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use std::fs;

use bench::results::Folder;
use records::{Generator, LoadPoint};
use support::experiment::{HEAD, Measured};
use support::real::{bench, run, subjects};
use support::rows;

fn sum(list: &str) -> u64 {
    list.split(';').map(|n| n.parse::<u64>().unwrap()).sum()
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
