//! Identifiers of anchors.

/// Turns any name into an identifier fit for an anchor. Different names give different ones.
pub fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.' {
            slug.push(char::from(byte));
        } else {
            slug.push_str(&format!("_{byte:02x}"));
        }
    }
    slug
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_stay_and_others_differ() {
        assert_eq!(slug("kio-uring"), "kio-uring");
        assert_ne!(slug("a b"), slug("a_b"));
        assert!(!slug("<\">").contains(['<', '"', '>']));
    }
}
