//! How much processor time the control group leaves this process.

use std::fs;
use std::path::{Path, PathBuf};

use super::read_trimmed;

const ROOT: &str = "/sys/fs/cgroup";

/// The narrowest quota of this process's control groups, in thousandths of a processor; nothing when
/// none is set.
pub(super) fn cpu_quota_permille() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    narrowest(&groups, Path::new(ROOT))
}

fn narrowest(groups: &str, root: &Path) -> Option<u64> {
    // A line is `HIERARCHY:CONTROLLERS:PATH`; version 2 has no controllers in it.
    let group = |line: &str| -> Option<(PathBuf, String)> {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        let mut named = controllers.split(',');
        let hierarchy = if controllers.is_empty() {
            root.to_owned()
        } else if named.any(|name| name == "cpu") {
            [controllers, "cpu"]
                .map(|name| root.join(name))
                .into_iter()
                .find(|directory| directory.exists())?
        } else {
            return None;
        };
        Some((hierarchy, path.trim_start_matches('/').to_owned()))
    };
    let quotas = groups
        .lines()
        .filter_map(group)
        .flat_map(|(hierarchy, path)| {
            let group = hierarchy.join(path);
            let above = group.ancestors().map(Path::to_owned);
            let above: Vec<PathBuf> = above
                .take_while(|path| path.starts_with(&hierarchy))
                .collect();
            above.into_iter().filter_map(|group| quota(&group))
        });
    quotas.min()
}

/// A group's own quota, in either version's words.
fn quota(group: &Path) -> Option<u64> {
    let (quota, period) = match read_trimmed(group.join("cpu.max")) {
        Some(text) => {
            let (quota, period) = text.split_once(' ')?;
            (quota.to_owned(), period.to_owned())
        }
        None => (
            read_trimmed(group.join("cpu.cfs_quota_us"))?,
            read_trimmed(group.join("cpu.cfs_period_us"))?,
        ),
    };
    // `max` and -1 are none.
    let (quota, period): (u64, u64) = (quota.parse().ok()?, period.parse().ok()?);
    (quota * 1000).checked_div(period)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    #[test]
    fn the_narrowest_of_all_groups_above_counts() {
        let root = tree(&[
            ("a/cpu.max", "150000 100000\n"),
            ("a/b/cpu.max", "max 100000\n"),
        ]);
        assert_eq!(narrowest("0::/a/b\n", root.path()), Some(1500));
        assert_eq!(narrowest("0::/\n", root.path()), None);
        assert_eq!(narrowest("", root.path()), None);
    }

    #[test]
    fn the_first_version_has_other_files() {
        let root = tree(&[
            ("cpu,cpuacct/a/cpu.cfs_quota_us", "50000\n"),
            ("cpu,cpuacct/a/cpu.cfs_period_us", "100000\n"),
            ("cpu,cpuacct/cpu.cfs_quota_us", "-1\n"),
            ("cpu,cpuacct/cpu.cfs_period_us", "100000\n"),
        ]);
        let groups = "4:memory:/a\n1:cpu,cpuacct:/a\n";
        assert_eq!(narrowest(groups, root.path()), Some(500));
    }
}
