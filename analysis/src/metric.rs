//! What is derived from a measurement.

/// A quantity that every measurement has, or lacks as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Complete responses a second.
    RequestsPerSecond,
    /// Server's CPU time, user and system, by request: of the steady part of the window where that
    /// was measured, of the whole window where not.
    CpuUsPerRequest,
    /// Mean latency.
    LatencyMeanUs,
    /// Median latency.
    LatencyP50Us,
    /// 90th percentile of latency.
    LatencyP90Us,
    /// 99th percentile of latency.
    LatencyP99Us,
    /// 99.9th percentile of latency.
    LatencyP999Us,
    /// Largest latency.
    LatencyMaxUs,
    /// Times the server entered the kernel, by request.
    KernelEntriesPerRequest,
    /// Share of the server's cores that was busy.
    ServerCoresBusy,
    /// Share of the load generator's threads that was busy.
    ClientCoresBusy,
    /// Share of the whole machine that neither server nor load generator used, yet was busy.
    ForeignShare,
    /// Share of the whole machine that the hypervisor gave to others.
    StealShare,
    /// Requests in flight by Little's law: rate times mean latency.
    InFlight,
    /// Server's resident memory.
    ServerRssBytes,
    /// The busiest worker's requests as a multiple of an even share.
    WorkerImbalance,
    /// The same of the connections it accepted.
    AcceptImbalance,
    /// The same of the steady part alone: empty for a server that does not report its requests.
    SteadyCpuUsPerRequest,
    /// Server's CPU time of the whole window by the requests the load generator counted.
    WindowCpuUsPerRequest,
    /// Submission queue entries, by request.
    SqesPerRequest,
    /// Completion queue entries, by request.
    CqesPerRequest,
    /// Share of the whole machine that was busy.
    MachineBusy,
    /// Part of it in user mode.
    UserShare,
    /// Part of it in the kernel, hard interrupts with it.
    SystemShare,
    /// Part of it in soft interrupts.
    SoftirqShare,
}

impl Metric {
    /// All of them, in the order of the tables.
    pub const ALL: [Self; 25] = [
        Self::RequestsPerSecond,
        Self::CpuUsPerRequest,
        Self::LatencyMeanUs,
        Self::LatencyP50Us,
        Self::LatencyP90Us,
        Self::LatencyP99Us,
        Self::LatencyP999Us,
        Self::LatencyMaxUs,
        Self::KernelEntriesPerRequest,
        Self::ServerCoresBusy,
        Self::ClientCoresBusy,
        Self::ForeignShare,
        Self::StealShare,
        Self::InFlight,
        Self::ServerRssBytes,
        Self::WorkerImbalance,
        Self::AcceptImbalance,
        Self::SteadyCpuUsPerRequest,
        Self::WindowCpuUsPerRequest,
        Self::SqesPerRequest,
        Self::CqesPerRequest,
        Self::MachineBusy,
        Self::UserShare,
        Self::SystemShare,
        Self::SoftirqShare,
    ];

    /// Those in which arms are compared.
    pub const COMPARED: [Self; 6] = [
        Self::CpuUsPerRequest,
        Self::RequestsPerSecond,
        Self::LatencyMeanUs,
        Self::LatencyP50Us,
        Self::LatencyP99Us,
        Self::KernelEntriesPerRequest,
    ];

    /// The column's name.
    pub fn column(self) -> &'static str {
        match self {
            Self::RequestsPerSecond => "requests_per_second",
            Self::CpuUsPerRequest => "cpu_us_per_request",
            Self::LatencyMeanUs => "latency_mean_us",
            Self::LatencyP50Us => "latency_p50_us",
            Self::LatencyP90Us => "latency_p90_us",
            Self::LatencyP99Us => "latency_p99_us",
            Self::LatencyP999Us => "latency_p999_us",
            Self::LatencyMaxUs => "latency_max_us",
            Self::KernelEntriesPerRequest => "kernel_entries_per_request",
            Self::ServerCoresBusy => "server_cores_busy",
            Self::ClientCoresBusy => "client_cores_busy",
            Self::ForeignShare => "foreign_cpu_share",
            Self::StealShare => "steal_share",
            Self::InFlight => "in_flight",
            Self::ServerRssBytes => "server_rss_bytes",
            Self::WorkerImbalance => "worker_imbalance",
            Self::AcceptImbalance => "accept_imbalance",
            Self::SteadyCpuUsPerRequest => "cpu_us_per_request_steady",
            Self::WindowCpuUsPerRequest => "cpu_us_per_request_window",
            Self::SqesPerRequest => "sqes_per_request",
            Self::CqesPerRequest => "cqes_per_request",
            Self::MachineBusy => "machine_busy",
            Self::UserShare => "user_share",
            Self::SystemShare => "system_share",
            Self::SoftirqShare => "softirq_share",
        }
    }

    /// The name in tables and figures.
    pub fn title(self) -> &'static str {
        match self {
            Self::RequestsPerSecond => "Requests a second",
            Self::CpuUsPerRequest => "CPU a request, µs",
            Self::LatencyMeanUs => "Mean latency, µs",
            Self::LatencyP50Us => "p50, µs",
            Self::LatencyP90Us => "p90, µs",
            Self::LatencyP99Us => "p99, µs",
            Self::LatencyP999Us => "p99.9, µs",
            Self::LatencyMaxUs => "Largest latency, µs",
            Self::KernelEntriesPerRequest => "Kernel entries a request",
            Self::ServerCoresBusy => "Server cores busy",
            Self::ClientCoresBusy => "Load generator busy",
            Self::ForeignShare => "Foreign CPU",
            Self::StealShare => "Steal",
            Self::InFlight => "In flight (Little)",
            Self::ServerRssBytes => "Server memory, MiB",
            Self::WorkerImbalance => "Busiest worker, requests",
            Self::AcceptImbalance => "Busiest worker, accepts",
            Self::SteadyCpuUsPerRequest => "CPU a request, steady part, µs",
            Self::WindowCpuUsPerRequest => "CPU a request, whole window, µs",
            Self::SqesPerRequest => "SQEs a request",
            Self::CqesPerRequest => "CQEs a request",
            Self::MachineBusy => "Machine busy",
            Self::UserShare => "Machine, user",
            Self::SystemShare => "Machine, system",
            Self::SoftirqShare => "Machine, soft interrupts",
        }
    }

    /// The name in a sentence.
    pub fn noun(self) -> &'static str {
        match self {
            Self::RequestsPerSecond => "requests a second",
            Self::CpuUsPerRequest => "CPU a request",
            Self::LatencyMeanUs => "mean latency",
            Self::LatencyP50Us => "p50 latency",
            Self::LatencyP99Us => "p99 latency",
            Self::KernelEntriesPerRequest => "kernel entries a request",
            other => other.title(),
        }
    }

    /// The name at the start of a sentence.
    pub fn noun_capitalised(self) -> String {
        let noun = self.noun();
        let mut letters = noun.chars();
        letters.next().map_or_else(String::new, |first| {
            first.to_uppercase().chain(letters).collect()
        })
    }

    /// Whether the number says something about the servers only where the load generator was not
    /// the bottleneck.
    pub fn limited_by_client(self) -> bool {
        matches!(
            self,
            Self::RequestsPerSecond
                | Self::LatencyMeanUs
                | Self::LatencyP50Us
                | Self::LatencyP90Us
                | Self::LatencyP99Us
                | Self::LatencyP999Us
                | Self::LatencyMaxUs
        )
    }
}

/// A measurement's derived quantities; `None` where something they need was not measured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Derived([Option<f64>; Metric::ALL.len()]);

impl Derived {
    /// The quantity, where it was measured.
    pub fn get(&self, metric: Metric) -> Option<f64> {
        self.0[metric as usize]
    }

    /// Sets the quantity.
    pub fn set(&mut self, metric: Metric, value: Option<f64>) {
        self.0[metric as usize] = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_the_order_of_the_variants() {
        for (place, metric) in Metric::ALL.into_iter().enumerate() {
            assert_eq!(metric as usize, place);
        }
    }
}
