//! The versions that were built.

const LOCK: &str = include_str!("../../Cargo.lock");

/// The version of a package as it was built; of several, the first that is listed.
///
/// # Panics
/// When the package is no dependency of any peer.
pub fn locked_version(package: &str) -> &'static str {
    let name = format!("name = \"{package}\"");
    let mut lines = LOCK.lines().skip_while(|line| *line != name).skip(1);
    let version = lines
        .next()
        .and_then(|line| line.strip_prefix("version = \""));
    version
        .and_then(|line| line.strip_suffix('"'))
        .unwrap_or_else(|| panic!("{package} is not in Cargo.lock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found() {
        assert_eq!(locked_version("peer-kit"), env!("CARGO_PKG_VERSION"));
        assert!(locked_version("hyper").starts_with("1."));
    }

    #[test]
    #[should_panic(expected = "no-such-package is not in Cargo.lock")]
    fn a_package_that_is_not_there_is_named() {
        locked_version("no-such-package");
    }
}
