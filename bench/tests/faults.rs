//! Load generators and servers that fail within a window, and a link that vanishes: rows that say so,
//! and nothing that stays.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use bench::subjects::find_command;
use records::Measurement;
use support::checks::check_row;
use support::experiment::HEAD;
use support::real::{bench, run, runs, subjects, wait_for};
use support::rows;
use support::sshd::namespaces_are_refused;

/// Faults by the connections of the load that has them: what a wrk that fails so does, and what its row
/// must say. `$WRK` is the real one, `$SERVER` the server's process.
const FAULTS: [(u32, &str, &str); 8] = [
    (11, "kill -9 $$", "signal: 9"),
    (
        12,
        "echo Segmentation fault",
        "wrk ended early with exit status: 0",
    ),
    (13, "$WRK \"$@\" | sed 's/[0-9]/x/g'", "not readable"),
    (
        14,
        "$WRK \"$@\" | head -c 60",
        "wrk ended early with exit status: 0",
    ),
    (15, "$WRK \"$@\"; exit 3", "exit status: 3"),
    (
        16,
        "kill -9 $SERVER; exec $WRK \"$@\"",
        "it ended with signal: 9",
    ),
    // It is gone when the load is over and has yet to be reported.
    (
        17,
        "out=$($WRK \"$@\"); kill -9 $SERVER; echo \"$out\"",
        "it ended with signal: 9",
    ),
    (18, "echo $$ >hung; exec sleep 1000", "wrk"),
];
/// The connections of the load that has none.
const SOUND: u32 = 19;

/// Puts a wrk into `directory` that fails by `faults`, and gives the `PATH` with it.
fn failing_wrk(directory: &Path, faults: &[(u32, &str)]) -> String {
    let real = find_command(Path::new("wrk")).unwrap();
    let server = directory.join("server");
    let cases: String = (faults.iter())
        .map(|(connections, does)| {
            let here = does.replace(">hung", &format!(">{}/hung", directory.display()));
            format!("*' -c{connections} '*) {here} ;;\n")
        })
        .collect();
    let script = format!(
        "#!/bin/sh\nWRK={}\nSERVER=$(cat {} 2>/dev/null)\ncase \" $* \" in\n{cases}*) exec $WRK \"$@\" ;;\nesac\n",
        real.display(),
        server.display()
    );
    let path = directory.join("bin");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("wrk"), script).unwrap();
    fs::set_permissions(path.join("wrk"), fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:{}", path.display(), env::var("PATH").unwrap())
}

/// A server that leaves the number of its process in the file `server`.
fn write_arms(directory: &Path) {
    let text = format!(
        "[[arm]]\nname = 'mine'\ncommand = 'sh'\nreports = true\nargs = ['-c', '''echo $$ >{}/server\n\
         exec {}/kio-rs --listen {{listen}} --workers {{workers}} --driver epoll''']\n",
        directory.display(),
        subjects().display()
    );
    fs::write(directory.join("arms.toml"), text).unwrap();
}

fn write_experiment(directory: &Path, head: &str, connections: &[u32]) {
    let loads: String = (connections.iter())
        .map(|connections| format!("[[load]]\nconnections = {connections}\n"))
        .collect();
    let text = format!("{head}arms = ['mine']\n{loads}");
    fs::write(directory.join("faults.toml"), text).unwrap();
}

/// Runs one block of loads that differ in their connections, some of them under a wrk that fails by
/// `faults`.
fn measured(
    here: &Path,
    head: &str,
    faults: &[(u32, &str)],
    connections: &[u32],
    options: &[&str],
) -> Vec<Measurement> {
    let path = failing_wrk(here, faults);
    write_arms(here);
    write_experiment(here, head, connections);
    let first = ["run", "faults.toml", "--arms-file", "arms.toml"];
    let rest = ["--out", "run", "--seed", "5"];
    let arguments = [&first[..], &rest, options].concat();
    let (ended, _, said) = run(bench(here, &arguments).env("PATH", path));
    assert!(ended.status.success(), "{said}");
    let rows = rows(&here.join("run"));
    assert_eq!(rows.len(), connections.len(), "{said}");
    rows
}

/// Waits until what has left the number of its process in a file is gone.
fn wait_for_end(file: &Path) {
    let process = fs::read_to_string(file).unwrap().trim().parse().unwrap();
    wait_for("the end of what was started", || !runs(process));
}

#[test]
fn a_load_generator_or_a_server_that_fails_is_a_row_with_its_error() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let faults = FAULTS.map(|(connections, does, _)| (connections, does));
    let connections = faults.map(|(connections, _)| connections);
    let connections = [&connections[..], &[SOUND]].concat();
    let rows = measured(here, HEAD, &faults, &connections, &[]);
    let row = |connections: u32| {
        let of_load = |row: &&Measurement| row.connections == connections;
        rows.iter().find(of_load).unwrap()
    };
    let wrong: Vec<String> = (FAULTS.iter())
        .map(|(connections, does, says)| (does, says, &row(*connections).error))
        .filter(|(_, says, error)| !error.contains(**says))
        .map(|(does, says, error)| format!("{does}: {error:?} has no {says:?}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    check_row(row(SOUND));
    wait_for_end(&here.join("server"));
    wait_for_end(&here.join("hung"));
}

#[test]
fn a_link_that_vanishes_is_told_and_costs_no_row() {
    if namespaces_are_refused() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    // Only in a namespace of its own.
    let own = fs::read_link("/proc/self/ns/net").unwrap();
    let cut = format!(
        "here=$(readlink /proc/self/ns/net); [ -n \"$here\" ] && [ \"$here\" != '{}' ] || exit 9\n\
         for device in $(ip -o link | sed 's/^[0-9]*: \\([^:@]*\\).*/\\1/' | grep -v '^lo$')\n\
         do ip link delete $device; done\n\
         exec $WRK \"$@\"",
        own.display()
    );
    let head = HEAD.replace("placement = \"shared\"\n", "");
    let options = ["--host", "netns"];
    let rows = measured(here, &head, &[(12, &cut)], &[11, 12, 13], &options);
    let cut = rows.iter().position(|row| row.connections == 12).unwrap();
    assert_eq!(
        cut, 1,
        "another seed, so that a row is before the cut and one after it"
    );
    check_row(&rows[0]);
    assert!(rows[1].error.contains("unreachable"), "{:?}", rows[1].error);
    // There is nothing left to listen on.
    assert!(
        rows[2].error.contains("can be listened on"),
        "{:?}",
        rows[2].error
    );
    wait_for_end(&here.join("server"));
}
