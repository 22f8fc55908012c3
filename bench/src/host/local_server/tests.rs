//! Servers that are shell scripts.

use std::collections::BTreeMap;

use records::Scheduling;

use super::*;
use crate::interrupt::Interrupted;

/// A server that is a shell script.
fn launch(script: &str, reports: bool) -> Launch {
    Launch {
        program: "sh".into(),
        subject: "sh".to_owned(),
        args: vec!["-c".to_owned(), script.to_owned()],
        env: BTreeMap::new(),
        cpus: Vec::new(),
        scheduling: Scheduling::Other,
        address: "127.0.0.1:9".parse().unwrap(),
        reports,
        holds_stdin: false,
        namespace: None,
        device: None,
    }
}

fn start_line(port: u16) -> String {
    format!(
        r#"{{"event":"start","server":"s","version":"1","pid":1,"address":"127.0.0.1:{port}","workers":1,"cpus":[],"driver":"d","ring_flags":[],"features":["f"]}}"#
    )
}

fn start(script: &str) -> Result<LocalServer> {
    LocalServer::start(&launch(script, true), &Interrupt::default())
}

#[test]
fn a_server_that_does_not_start_is_explained() {
    let refused = |script: &str, part: &str| {
        let message = format!("{:#}", start(script).unwrap_err());
        assert!(message.contains(part), "{message}");
    };
    refused("echo no ring >&2; exit 3", "exit status: 3: no ring");
    refused("echo hello", "the start line is not one: hello");
    refused(
        &format!("echo '{}'; sleep 60", start_line(10)),
        "in place of 127.0.0.1:9",
    );
    let missing = Launch {
        program: "/no/such/server".into(),
        ..launch("", true)
    };
    let error = LocalServer::start(&missing, &Interrupt::default()).unwrap_err();
    assert!(
        format!("{error:#}").starts_with("cannot start sh"),
        "{error:#}"
    );
}

#[test]
fn counters_and_a_clean_stop_are_read() {
    let counters = |event: &str| format!(r#"{{"event":"{event}","workers":[]}}"#);
    let script = format!(
        "trap \"echo '{}'\" USR1; trap \"echo '{}'; exit 0\" TERM; echo '{}'; \
         sleep 60 >/dev/null & while :; do wait; done",
        counters("counters").replace('"', "\\\""),
        counters("stop").replace('"', "\\\""),
        start_line(9)
    );
    let mut server = start(&script).unwrap();
    let facts = server.facts();
    assert_eq!(facts.start_text, start_line(9));
    assert_eq!(facts.start.as_ref().unwrap().features, ["f"]);
    assert_eq!(facts.command_line[0], "sh");
    server.watch(Duration::from_millis(10)).unwrap();
    for moment in [Moment::Before, Moment::After] {
        let sample = server.sample(moment).unwrap();
        assert_eq!(sample.counters.unwrap().event, Event::Counters);
        assert_eq!(sample.network.link_sent_bytes, None);
    }
    let series = server.series();
    assert_eq!(
        (series.at_ms.len(), series.cpu_us.first()),
        (series.requests.len(), Some(&0))
    );
    assert_eq!(server.series(), ServerSeries::default());
    server.stop().unwrap();
}

#[test]
fn a_server_that_dies_of_the_signal_did_not_stop_cleanly() {
    let server = start(&format!("echo '{}'; exec sleep 60", start_line(9))).unwrap();
    let message = format!("{:#}", server.stop().unwrap_err());
    assert!(message.contains("did not stop cleanly"), "{message}");
}

#[test]
fn waiting_for_a_port_ends_at_an_interrupt_or_the_servers_end() {
    let interrupt = Interrupt::default();
    let ended = LocalServer::start(&launch("exit 4", false), &interrupt).unwrap_err();
    assert!(format!("{ended:#}").contains("exit status: 4"), "{ended:#}");
    interrupt.set();
    let error = LocalServer::start(&launch("sleep 60", false), &interrupt).unwrap_err();
    assert!(error.is::<Interrupted>(), "{error:#}");
}
