//! What was read, as the columns of a row.

use anyhow::{Result, anyhow};
use records::Measurement;
use server_kit::{Kept, WorkerCounters};

use super::Both;
use crate::host::{ClientUsage, CpuUsage, MachineUsage, Sample};
use crate::load::Window;

pub fn fill_steady(row: &mut Measurement, begin: &Sample, end: &Sample) -> Result<()> {
    let spent = end.server.since(&begin.server)?;
    let requests = |sample: &Sample| {
        let line = sample.counters.as_ref()?;
        Some(line.workers.iter().map(|w| w.requests).sum::<u64>())
    };
    row.steady_us = Some(end.at_ns.saturating_sub(begin.at_ns) / 1000);
    row.steady_server_cpu_us = Some(spent.cpu_user_us + spent.cpu_system_us);
    let counted = requests(end).zip(requests(begin));
    row.steady_requests = counted.map(|(end, begin)| end.saturating_sub(begin));
    Ok(())
}

pub fn fill_window(row: &mut Measurement, window: &Window) {
    row.window_us = Some(window.duration_us);
    row.requests = Some(window.requests);
    row.response_bytes = Some(window.bytes);
    row.socket_errors_connect = Some(window.errors_connect);
    row.socket_errors_read = Some(window.errors_read);
    row.socket_errors_write = Some(window.errors_write);
    row.socket_errors_timeout = Some(window.errors_timeout);
    row.socket_errors = Some(
        window.errors_connect + window.errors_read + window.errors_write + window.errors_timeout,
    );
    row.status_errors = Some(window.errors_status);
    row.client_cpu_us = Some(window.client_cpu_us);
    // wrk reports 0 where its own correction puts samples below the least latency it saw, and then
    // misses them when it counts up to a percentile.
    let seen = |latency_us: u64| (latency_us > 0).then_some(latency_us);
    row.latency_mean_us = seen(window.latency_mean_us);
    row.latency_p50_us = seen(window.latency_p50_us);
    row.latency_p90_us = seen(window.latency_p90_us);
    row.latency_p99_us = seen(window.latency_p99_us);
    row.latency_p999_us = seen(window.latency_p999_us);
    row.latency_max_us = seen(window.latency_max_us);
}

pub fn fill_spent(row: &mut Measurement, before: &Both, after: &Both) -> Result<()> {
    let machine = after.server.machine.since(&before.server.machine);
    row.host_cpu_busy_us = Some(machine.total.busy_us());
    row.host_cpu_user_us = Some(machine.total.user_us);
    row.host_cpu_system_us = Some(machine.total.system_us);
    row.host_cpu_softirq_us = Some(machine.total.softirq_us);
    row.host_cpu_steal_us = Some(machine.total.steal_us);
    row.host_cpu_busy_by_cpu_us = by_cpu(&machine, CpuUsage::busy_us);
    row.host_cpu_softirq_by_cpu_us = by_cpu(&machine, |cpu| cpu.softirq_us);
    row.host_cpu_steal_by_cpu_us = by_cpu(&machine, |cpu| cpu.steal_us);

    let network = after.server.network.since(&before.server.network);
    row.tcp_retransmits = Some(network.tcp_retransmits);
    row.listen_drops = Some(network.listen_drops);
    row.server_link_sent_bytes = network.link_sent_bytes;

    let server = after.server.server.since(&before.server.server)?;
    row.server_cpu_user_us = Some(server.cpu_user_us);
    row.server_cpu_system_us = Some(server.cpu_system_us);
    row.server_cpu_by_thread_us = join(&server.cpu_by_thread_us);
    row.server_cpu_user_by_thread_us = join(&server.cpu_user_by_thread_us);
    row.server_rss_bytes = Some(server.rss_bytes);
    row.server_switches_voluntary = Some(server.switches_voluntary);
    row.server_switches_involuntary = Some(server.switches_involuntary);

    fill_client(row, &before.client, &after.client);
    if let (Some(before), Some(after)) = (&before.server.counters, &after.server.counters) {
        fill_counters(row, after.kept, &before.workers, &after.workers)?;
    }
    Ok(())
}

/// What the load generator's side has of its own.
fn fill_client(row: &mut Measurement, before: &ClientUsage, after: &ClientUsage) {
    if let (Some(before), Some(after)) = (&before.machine, &after.machine) {
        let machine = after.since(before);
        row.client_host_cpu_busy_us = Some(machine.total.busy_us());
        row.client_host_cpu_user_us = Some(machine.total.user_us);
        row.client_host_cpu_system_us = Some(machine.total.system_us);
        row.client_host_cpu_softirq_us = Some(machine.total.softirq_us);
        row.client_host_cpu_steal_us = Some(machine.total.steal_us);
        row.client_host_cpu_busy_by_cpu_us = by_cpu(&machine, CpuUsage::busy_us);
    }
    if let (Some(before), Some(after)) = (&before.network, &after.network) {
        row.client_tcp_retransmits = Some(after.since(before).tcp_retransmits);
    }
}

fn fill_counters(
    row: &mut Measurement,
    kept: Kept,
    before: &[WorkerCounters],
    after: &[WorkerCounters],
) -> Result<()> {
    if before.len() != after.len() {
        return Err(anyhow!(
            "the server's number of workers changed in the window"
        ));
    }
    let counted = |count: fn(&WorkerCounters) -> u64| -> Vec<u64> {
        let workers = before.iter().zip(after);
        workers
            .map(|(b, a)| count(a).saturating_sub(count(b)))
            .collect()
    };
    let sum = |count| counted(count).iter().sum::<u64>();
    row.accepts_by_worker = join(&counted(|worker| worker.accepts));
    row.requests_by_worker = join(&counted(|worker| worker.requests));
    if kept == Kept::All {
        row.kernel_entries = Some(sum(|worker| worker.kernel_entries));
    }
    // A server without rings counts none; in its row they were not measured.
    if after.iter().any(|worker| worker.cqes > 0) {
        row.sqes = Some(sum(|worker| worker.sqes));
        row.cqes = Some(sum(|worker| worker.cqes));
        row.buffers_exhausted = Some(sum(|worker| worker.buffers_exhausted));
    }
    Ok(())
}

fn by_cpu(machine: &MachineUsage, of: fn(&CpuUsage) -> u64) -> String {
    let counts: Vec<u64> = machine.by_cpu.iter().map(of).collect();
    join(&counts)
}

pub fn join(counts: &[u64]) -> String {
    let counts: Vec<String> = counts.iter().map(ToString::to_string).collect();
    counts.join(";")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_differences_by_worker() {
        let worker = |requests, cqes| WorkerCounters {
            accepts: 1,
            requests,
            kernel_entries: requests,
            cqes,
            ..WorkerCounters::default()
        };
        let mut row = Measurement::default();
        let (before, after) = ([worker(5, 1), worker(0, 1)], [worker(9, 3), worker(7, 2)]);
        fill_counters(&mut row, Kept::All, &before, &after).unwrap();
        assert_eq!(row.requests_by_worker, "4;7");
        assert_eq!(row.accepts_by_worker, "0;0");
        assert_eq!((row.kernel_entries, row.cqes), (Some(11), Some(3)));
        assert!(fill_counters(&mut row, Kept::All, &before, &after[..1]).is_err());
    }

    #[test]
    fn a_server_without_rings_leaves_their_columns_empty() {
        let mut row = Measurement::default();
        let worker = [WorkerCounters::default()];
        fill_counters(&mut row, Kept::All, &worker, &worker).unwrap();
        assert_eq!(
            (row.sqes, row.cqes, row.buffers_exhausted),
            (None, None, None)
        );
        assert_eq!(row.kernel_entries, Some(0));
    }

    #[test]
    fn a_count_that_is_not_kept_is_empty_and_not_0() {
        let mut row = Measurement::default();
        let worker = [WorkerCounters::default()];
        fill_counters(&mut row, Kept::Requests, &worker, &worker).unwrap();
        assert_eq!(row.kernel_entries, None);
        assert_eq!(row.requests_by_worker, "0");
    }
}
