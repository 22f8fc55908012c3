//! A machine in `environment.json`: its hardware, its kernel and their settings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A machine, as far as it decides what a measurement shows. Nothing in it identifies the machine. What
/// cannot be seen is empty or absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// A short name of the hardware, fit for a folder's name: `intel-xeon-2c`.
    pub hardware: String,
    /// Processor as the kernel names it.
    pub cpu_model: String,
    /// Processors online.
    pub cpus: u32,
    /// Threads a core.
    pub threads_per_core: u32,
    /// What the kernel says of simultaneous multithreading: `on`, `off`, `notsupported`, ...
    pub smt: String,
    /// Instruction sets and features of the processor that may show in a measurement.
    pub cpu_flags: Vec<String>,
    /// Revision of the microcode.
    pub microcode: String,
    /// Caches of processor 0, from the nearest.
    pub caches: Vec<Cache>,
    /// NUMA nodes.
    pub numa_nodes: u32,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// `x86_64`, `aarch64`, ...
    pub architecture: String,
    /// The hypervisor: `kvm`, `qemu`, `none`, ... as far as it can be seen.
    pub virtualization: String,
    /// The container: `docker`, `none`, ... as far as it can be seen.
    pub container: String,
    /// Kernel release: `6.18.44`.
    pub kernel_release: String,
    /// The kernel's full version string, without who built it.
    pub kernel_version: String,
    /// The arguments of the kernel's command line that may show in a measurement.
    pub kernel_arguments: Vec<String>,
    /// The distribution, from `os-release`.
    pub distribution: String,
    /// The kernel's clock source.
    pub clocksource: String,
    /// Driver of the processors' frequency; empty where there is none.
    pub cpu_frequency_driver: String,
    /// Frequency governor of processor 0; empty where there is none.
    pub cpu_governor: String,
    /// Whether the processor may exceed its nominal frequency; absent where it cannot be seen.
    pub cpu_boost: Option<bool>,
    /// Transparent huge pages: `always`, `madvise` or `never`.
    pub transparent_hugepages: String,
    /// CPU vulnerability -> what the kernel does about it.
    pub mitigations: BTreeMap<String, String>,
    /// Kernel setting -> value, for those that matter to the measurement.
    pub sysctls: BTreeMap<String, String>,
    /// Processor time that the control group may use, in thousandths of a processor; absent when all.
    pub cgroup_cpu_quota_permille: Option<u64>,
    /// Soft limit of open files.
    pub nofile_soft: u64,
    /// Hard limit of open files.
    pub nofile_hard: u64,
    /// Soft limit of locked memory in bytes; absent when unlimited.
    pub memlock_soft_bytes: Option<u64>,
    /// What a program may do with `io_uring` here.
    pub io_uring: IoUring,
    /// The network device that the load goes over.
    pub network: NetworkDevice,
}

/// A cache of processor 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// Its level, from 1.
    pub level: u32,
    /// `Data`, `Instruction` or `Unified`.
    pub kind: String,
    /// Its size.
    pub bytes: u64,
    /// How many processors share it.
    pub shared_by_cpus: u32,
}

/// What a program may do with `io_uring`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct IoUring {
    /// Why no ring can be made; empty when one can.
    pub refused_because: String,
    /// The features that the kernel says a ring has.
    pub features: Vec<String>,
    /// The set-up flags that a ring can be made with, of those that the study's servers use.
    pub setup_flags: Vec<String>,
    /// `disabled`, `strict` or `filter`; a filter may refuse `io_uring` as containers' do by default.
    pub seccomp: String,
}

/// The network device that the load goes over. Neither its name nor an address is recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NetworkDevice {
    /// `loopback`, `veth`, another virtual device's type, or `physical`.
    pub kind: String,
    /// The driver of a physical one.
    pub driver: String,
    /// Largest packet in bytes.
    pub mtu_bytes: Option<u32>,
    /// Speed that it negotiated; absent for a device without one.
    pub speed_mbit_per_s: Option<u64>,
    /// Receive queues.
    pub receive_queues: Option<u32>,
    /// Offloads and other features that are on; absent when the kernel does not tell.
    pub offloads: Option<Vec<String>>,
}
