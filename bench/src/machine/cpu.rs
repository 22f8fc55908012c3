//! The processor: its name, and a short one that fits a folder's name.

use std::fs;

use super::read_trimmed;

const CPUS: &str = "/sys/devices/system/cpu";

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
        let flags = field("flags").unwrap_or_default();
        Self {
            model: field("model name"),
            implementer: number("CPU implementer"),
            part: number("CPU part"),
            hypervisor: flags.split_whitespace().any(|flag| flag == "hypervisor"),
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

/// Frequency governor of processor 0; empty where there is none.
pub fn governor() -> String {
    read_trimmed(format!("{CPUS}/cpu0/cpufreq/scaling_governor")).unwrap_or_default()
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
    fn siblings_are_counted() {
        assert_eq!(count("0"), 1);
        assert_eq!(count("0,4"), 2);
        assert_eq!(count("0-1,8-9"), 4);
        assert_eq!(count("x"), 0);
    }
}
