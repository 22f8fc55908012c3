//! What holds of rows, whatever the machine.

use records::{Generator, Measurement};

/// What holds of every measurement that succeeded, whatever the machine.
pub fn check_row(row: &Measurement) {
    assert_eq!(row.error, "", "{row:?}");
    let requests = row.requests.unwrap();
    assert!(
        requests > 0 && row.window_us.unwrap() >= 1_000_000,
        "{row:?}"
    );
    assert_eq!(row.response_bytes, Some(requests * 52), "{row:?}");
    let open = u64::from(row.connections) + u64::from(row.idle_connections);
    assert_eq!(row.connections_open, Some(open), "{row:?}");
    assert_eq!((row.socket_errors, row.status_errors), (Some(0), Some(0)));
    assert!(row.server_cpu_user_us.unwrap() + row.server_cpu_system_us.unwrap() > 0);
    assert!(row.client_cpu_us.unwrap() > 0 && row.server_rss_bytes.unwrap() > 0);
    let whole = row.server_cpu_user_us.unwrap() + row.server_cpu_system_us.unwrap();
    // A server that does not report its requests has no steady part.
    let reports = row.steady_requests.is_some();
    assert_eq!(reports, row.kernel_entries.is_some(), "{row:?}");
    assert_eq!(reports, row.steady_requests.is_some_and(|count| count > 0));
    let cpu_us = row.steady_server_cpu_us;
    // wrk's window begins with accepting, which is not in the steady part; flood's begins after it.
    let most = match row.generator {
        Generator::Wrk => whole - 1,
        Generator::Flood | Generator::Oha => whole,
    };
    assert_eq!(reports, cpu_us.is_some_and(|us| (1..=most).contains(&us)));
    for threads in [&row.server_cpu_by_thread_us, &row.client_cpu_by_thread_us] {
        let used: Vec<u64> = threads.split(';').map(|us| us.parse().unwrap()).collect();
        assert!(used.iter().sum::<u64>() > 0, "{row:?}");
    }
    let by_thread = |list: &str| -> Vec<u64> {
        let times = list.split(';').map(|us| us.parse().unwrap());
        times.collect()
    };
    let all = by_thread(&row.server_cpu_by_thread_us);
    let user = by_thread(&row.server_cpu_user_by_thread_us);
    assert_eq!(all.len(), user.len(), "{row:?}");
    assert!(all.iter().zip(&user).all(|(all, user)| user <= all));
    let classes = [
        row.host_cpu_user_us,
        row.host_cpu_system_us,
        row.host_cpu_softirq_us,
    ];
    let sum = classes.iter().map(|us| us.unwrap()).sum();
    assert_eq!(row.host_cpu_busy_us, Some(sum), "{row:?}");
    let processors = |list: &str| list.split(';').count();
    let count = processors(&row.host_cpu_busy_by_cpu_us);
    assert_eq!(processors(&row.host_cpu_softirq_by_cpu_us), count);
    assert_eq!(processors(&row.host_cpu_steal_by_cpu_us), count);
    assert!(row.latency_p50_us <= row.latency_p99_us && row.latency_p99_us <= row.latency_max_us);
    assert_eq!(row.subject_sha256.len(), 64);
}

/// What holds of a server that reports its own counters, of which the load generator has asked for so
/// many connections, and for so many requests before its window.
pub fn check_reports(row: &Measurement, accepted: u64, before: u64) {
    let sum = |list: &str| {
        list.split(';')
            .map(|n| n.parse::<u64>().unwrap())
            .sum::<u64>()
    };
    assert_eq!(sum(&row.accepts_by_worker), accepted);
    // The server has answered what was counted, and what was on its way when the window closed.
    let answered = sum(&row.requests_by_worker) - before;
    let in_flight = u64::from(row.connections) * u64::from(row.pipeline);
    let counted = row.requests.unwrap();
    assert!(
        (counted..=counted + in_flight).contains(&answered),
        "{row:?}"
    );
    assert!(row.kernel_entries.unwrap() > 0 && !row.configuration.is_empty());
    assert_eq!(row.cqes.is_some(), row.arm.starts_with("kio-uring"));
}
