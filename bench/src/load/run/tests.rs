use std::net::TcpListener;

use super::*;
use crate::arms::Arms;
use crate::experiment::Experiment;
use crate::load::wrk::{self, Wrk};
use crate::load::{arguments, closed_loop};

fn plan() -> Plan {
    let arms = Arms::load(None, &[]).unwrap();
    let smoke = Experiment::load("smoke").unwrap();
    let mut plan = smoke.plan(&arms, &[0], true, 1).unwrap();
    plan.window_s = 60;
    plan
}

#[test]
fn a_server_that_is_not_there_is_told_in_wrks_words() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let wrk = Wrk::find().unwrap();
    assert!(wrk.version().starts_with("wrk "));
    let plan = plan();
    let mut command = wrk.command();
    command.args(arguments(&plan, &closed_loop(1, 1), &address));
    let connected = Connected::After(wrk::CONNECTED);
    let interrupt = Interrupt::default();
    let mut run = Run::start("wrk", &mut command, connected, &plan, &interrupt).unwrap();
    let message = run.sockets_in_the_middle().unwrap_err().to_string();
    assert!(
        message.contains("exit status: 1: unable to connect"),
        "{message}"
    );
}

#[test]
fn threads_are_told_by_the_last_reading_that_saw_all_of_them() {
    let own = i32::try_from(std::process::id()).unwrap();
    let sampler = sample(own, Duration::from_secs(60)).unwrap();
    let mut readings = sampler.end();
    let first = readings.values[0].clone();
    let mut later = first.clone();
    later.cpu_ns += 5000;
    let mut last = later.clone();
    last.cpu_ns += 4000;
    last.threads.clear();
    readings.values.extend([later, last]);
    let series = client_series(&readings);
    assert_eq!(series.cpu_us, [0, 5, 9]);
    assert_eq!(series.by_thread_us, vec![0; first.threads.len()]);
}

#[test]
fn connections_that_are_told_and_those_that_never_come() {
    let script = |script: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let (plan, interrupt) = (plan(), Interrupt::default());
        Run::start("flood", &mut command, Connected::Told, &plan, &interrupt).unwrap()
    };
    script("echo connected; sleep 60")
        .wait_until_connected()
        .unwrap();
    let refused = |text: &str| {
        let error = script(text).wait_until_connected().unwrap_err();
        assert_eq!(
            error.to_string(),
            "flood ended early with exit status: 1: flood: no ring"
        );
    };
    refused("echo 'flood: no ring' >&2; exit 1");
    refused("echo '{}'; echo 'flood: no ring' >&2; exit 1");
}

#[test]
fn a_window_that_is_over_before_its_readings_is_told_from_a_failure() {
    let told = |script: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let connected = Connected::After(Duration::ZERO);
        let interrupt = Interrupt::default();
        let mut run = Run::start("wrk", &mut command, connected, &plan(), &interrupt).unwrap();
        run.sockets_in_the_middle().unwrap_err().to_string()
    };
    // Its histogram may be more than a pipe holds: its end is not waited for.
    let outlasted = told(&format!("echo '{}'; sleep 60", report::A_WINDOW));
    assert!(
        outlasted.starts_with("the window of wrk was over") && outlasted.contains("--window"),
        "{outlasted}"
    );
    assert_eq!(
        told("echo Segmentation fault"),
        "wrk ended early with exit status: 0"
    );
    assert_eq!(
        told("echo '{}'; echo killed >&2; exit 2"),
        "wrk ended early with exit status: 2: killed"
    );
}
