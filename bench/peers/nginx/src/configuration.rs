//! What nginx is told.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use server_kit::{BACKLOG, CommonArgs};

/// Connections of a worker. Each takes memory from the start.
const CONNECTIONS: u32 = 16_384;

/// The socket that tells nginx's counters, in the directory.
pub const STATUS_SOCKET: &str = "status";

/// The configuration, for a directory of nginx's own.
pub fn text(args: &CommonArgs, address: SocketAddr, directory: &Path, open_files: u64) -> String {
    let directory = directory.display();
    let workers = args.worker_count();
    let affinity = affinity(args);
    format!(
        r#"daemon off;
worker_processes {workers};
{affinity}worker_rlimit_nofile {open_files};
pid {directory}/pid;
error_log stderr warn;
events {{
    use epoll;
    worker_connections {CONNECTIONS};
    # All that wait, as the other servers accept.
    multi_accept on;
}}
http {{
    access_log off;
    # No Content-Type.
    default_type "";
    server_tokens off;
    keepalive_requests 1000000000;
    tcp_nodelay on;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen {address} reuseport backlog={BACKLOG};
        return 200 "Hello, World!";
    }}
    server {{
        listen unix:{directory}/{STATUS_SOCKET};
        location / {{
            stub_status;
        }}
    }}
}}
"#
    )
}

/// One mask a worker, the lowest processor last; nothing when the workers are not pinned.
fn affinity(args: &CommonArgs) -> String {
    let masks = (0..args.worker_count())
        .map_while(|worker| args.cpu_of(worker))
        .fold(String::new(), |mut masks, cpu| {
            // Writing to a string cannot fail.
            _ = write!(masks, " 1{}", "0".repeat(cpu));
            masks
        });
    if masks.is_empty() {
        return masks;
    }
    format!("worker_cpu_affinity{masks};\n")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::Args;

    fn text_for(flags: &[&str]) -> String {
        let args = Args::parse_from(["peer-nginx"].iter().chain(flags)).common;
        text(&args, args.listen, Path::new("/d"), 1024)
    }

    #[test]
    fn each_worker_has_a_processor_of_the_list_in_turn() {
        let text = text_for(&["--workers", "3", "--cpus", "0,2"]);
        assert!(text.contains("worker_processes 3;"), "{text}");
        assert!(text.contains("worker_cpu_affinity 1 100 1;"), "{text}");
        assert!(!text_for(&["--workers", "3"]).contains("affinity"));
    }

    #[test]
    fn addresses_of_both_families_are_written_as_nginx_reads_them() {
        assert!(text_for(&["--listen", "10.0.0.1:81"]).contains("listen 10.0.0.1:81 reuseport"));
        assert!(text_for(&["--listen", "[::1]:81"]).contains("listen [::1]:81 reuseport"));
    }
}
