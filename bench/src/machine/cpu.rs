//! The processor: its name, a short one that fits a folder's name, what it can do and how fast.

use std::fs;

use records::Cache;

use super::read_trimmed;

const CPUS: &str = "/sys/devices/system/cpu";

/// Flags of /proc/cpuinfo that may show in a measurement: what a compiler, a copy in the kernel, its
/// entry or its clock may use.
const FLAGS: [&str; 34] = [
    "aes",
    "asimd",
    "asimddp",
    "atomics",
    "avx",
    "avx2",
    "avx512bw",
    "avx512f",
    "avx512vl",
    "bmi2",
    "constant_tsc",
    "crc32",
    "erms",
    "fsgsbase",
    "fsrm",
    "ht",
    "ibrs",
    "ibrs_enhanced",
    "ilrcpc",
    "invpcid",
    "la57",
    "lrcpc",
    "nonstop_tsc",
    "pcid",
    "pclmulqdq",
    "pti",
    "rdtscp",
    "sha_ni",
    "sse4_2",
    "sve",
    "tsc_deadline_timer",
    "tsc_known_freq",
    "uscat",
    "x2apic",
];

/// What the kernel says of the processor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cpu {
    /// The name on x86: `Intel(R) Xeon(R) Processor`.
    model: Option<String>,
    /// The maker's number on ARM.
    implementer: Option<u32>,
    /// The maker's number of the core on ARM.
    part: Option<u32>,
    /// Whether it says that a hypervisor is under it.
    pub hypervisor: bool,
    /// Those of its flags that may show in a measurement.
    pub flags: Vec<String>,
    /// Revision of its microcode; empty where it has none.
    pub microcode: String,
}

impl Cpu {
    /// The first processor of this machine.
    pub fn read() -> Self {
        Self::parse(&fs::read_to_string("/proc/cpuinfo").unwrap_or_default())
    }

    fn parse(text: &str) -> Self {
        let field = |name: &str| {
            let mut lines = text.lines().filter_map(|line| line.split_once(':'));
            let found = lines.find(|(key, _)| key.trim() == name);
            found.map(|(_, value)| value.trim().to_owned())
        };
        let number = |name: &str| {
            let text = field(name)?;
            u32::from_str_radix(text.strip_prefix("0x")?, 16).ok()
        };
        let flags = field("flags").or_else(|| field("Features"));
        let flags = flags.unwrap_or_default();
        let flags: Vec<&str> = flags.split_whitespace().collect();
        let kept = FLAGS.iter().filter(|flag| flags.contains(flag));
        Self {
            model: field("model name"),
            implementer: number("CPU implementer"),
            part: number("CPU part"),
            hypervisor: flags.contains(&"hypervisor"),
            flags: kept.map(|flag| (*flag).to_owned()).collect(),
            microcode: field("microcode").unwrap_or_default(),
        }
    }

    /// Its name.
    pub fn name(&self) -> String {
        match (&self.model, self.implementer, self.part) {
            (Some(model), _, _) => model.clone(),
            (None, Some(0x41), Some(0xd0c)) => "Neoverse-N1".to_owned(),
            (None, Some(0x41), Some(0xd40)) => "Neoverse-V1".to_owned(),
            (None, Some(0x41), Some(0xd49)) => "Neoverse-N2".to_owned(),
            (None, Some(0x41), Some(0xd4f)) => "Neoverse-V2".to_owned(),
            (None, Some(implementer), Some(part)) => {
                format!("ARM 0x{implementer:02x}-0x{part:03x}")
            }
            _ => "unknown".to_owned(),
        }
    }

    /// Its name and the number of processors, for a folder's name: `intel-xeon-processor-2c`.
    pub fn slug(&self, cpus: u32) -> String {
        let name = self.name().to_lowercase();
        // Makers' marks, and the speed that some names end with.
        let name = name.replace("(r)", "").replace("(tm)", "");
        let name = name.split('@').next().unwrap_or_default();
        let words: Vec<&str> = name
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty() && *word != "cpu")
            .collect();
        format!("{}-{cpus}c", words.join("-"))
    }
}

/// Threads a core; 1 where the kernel does not tell.
pub fn threads_per_core() -> u32 {
    let siblings = read_trimmed(format!("{CPUS}/cpu0/topology/thread_siblings_list"));
    siblings.map_or(1, |list| count(&list)).max(1)
}

/// How many processors a list such as `0-1,4` has.
fn count(list: &str) -> u32 {
    let parts = list.split(',').filter_map(|part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (
            first.trim().parse::<u32>().ok()?,
            last.trim().parse::<u32>().ok()?,
        );
        Some(last.checked_sub(first)? + 1)
    });
    parts.sum()
}

/// What the kernel says of simultaneous multithreading.
pub(super) fn smt() -> String {
    read_trimmed(format!("{CPUS}/smt/control")).unwrap_or_default()
}

/// Frequency governor of processor 0; empty where there is none.
pub(super) fn governor() -> String {
    read_trimmed(format!("{CPUS}/cpu0/cpufreq/scaling_governor")).unwrap_or_default()
}

/// Driver of the frequency; empty where there is none.
pub(super) fn frequency_driver() -> String {
    read_trimmed(format!("{CPUS}/cpu0/cpufreq/scaling_driver")).unwrap_or_default()
}

/// Whether processors may exceed their nominal frequency; nothing where it cannot be seen.
pub(super) fn boost() -> Option<bool> {
    let not = read_trimmed(format!("{CPUS}/intel_pstate/no_turbo")).map(|off| off == "0");
    not.or_else(|| read_trimmed(format!("{CPUS}/cpufreq/boost")).map(|on| on == "1"))
}

/// Number of NUMA nodes; 1 where the kernel does not tell.
pub(super) fn numa_nodes() -> u32 {
    let online = read_trimmed("/sys/devices/system/node/online");
    online.map_or(1, |list| count(&list)).max(1)
}

/// Caches of processor 0, from the nearest.
pub(super) fn caches() -> Vec<Cache> {
    let cache = |index: u32| {
        let read = |name: &str| read_trimmed(format!("{CPUS}/cpu0/cache/index{index}/{name}"));
        Some(Cache {
            level: read("level")?.parse().ok()?,
            kind: read("type")?,
            bytes: read("size").and_then(|size| bytes(&size)).unwrap_or(0),
            shared_by_cpus: read("shared_cpu_list").map_or(0, |list| count(&list)),
        })
    };
    (0..16).map_while(cache).collect()
}

/// The kernel's `32K` in bytes.
fn bytes(size: &str) -> Option<u64> {
    let digits = size.trim_end_matches(|c: char| !c.is_ascii_digit());
    let shift = match &size[digits.len()..] {
        "" => 0,
        "K" => 10,
        "M" => 20,
        _ => return None,
    };
    Some(digits.parse::<u64>().ok()? << shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_x86_name_becomes_a_slug() {
        let cpu = Cpu::parse("model name\t: Intel(R) Xeon(R) Processor\nflags\t: fpu hypervisor\n");
        assert_eq!(cpu.slug(2), "intel-xeon-processor-2c");
        assert!(cpu.hypervisor);
        let cpu = Cpu::parse("model name : Intel(R) Core(TM) i7-8550U CPU @ 1.80GHz\n");
        assert_eq!(cpu.slug(8), "intel-core-i7-8550u-8c");
        assert!(!cpu.hypervisor);
    }

    #[test]
    fn an_arm_core_is_named_by_its_numbers() {
        let arm = |implementer, part| {
            Cpu::parse(&format!(
                "CPU implementer\t: {implementer}\nCPU part\t: {part}\n"
            ))
        };
        assert_eq!(arm("0x41", "0xd0c").slug(8), "neoverse-n1-8c");
        assert_eq!(arm("0x41", "0xd4f").slug(64), "neoverse-v2-64c");
        assert_eq!(arm("0xc0", "0xac3").slug(80), "arm-0xc0-0xac3-80c");
        assert_eq!(Cpu::parse("").slug(1), "unknown-1c");
    }

    #[test]
    fn only_flags_that_matter_are_kept() {
        let cpu = Cpu::parse("flags\t\t: fpu avx2 fsrm hypervisor\nmicrocode\t: 0x1\n");
        assert_eq!(cpu.flags, ["avx2", "fsrm"]);
        assert_eq!(cpu.microcode, "0x1");
        assert_eq!(Cpu::parse("Features : fp atomics\n").flags, ["atomics"]);
        assert!(FLAGS.is_sorted());
    }

    #[test]
    fn sizes_are_read() {
        assert_eq!(bytes("32K"), Some(32_768));
        assert_eq!(bytes("2M"), Some(2 << 20));
        assert_eq!(bytes("64"), Some(64));
        assert_eq!((bytes("32X"), bytes("")), (None, None));
    }

    #[test]
    fn siblings_are_counted() {
        assert_eq!(count("0"), 1);
        assert_eq!(count("0,4"), 2);
        assert_eq!(count("0-1,8-9"), 4);
        assert_eq!(count("x"), 0);
    }
}
