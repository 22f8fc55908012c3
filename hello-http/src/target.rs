//! What a request is for: its target and its host.

use std::net::Ipv6Addr;

use crate::answers::Refusal;

/// Checks the target's form against the method (RFC 9112, section 3.2). What it names does not
/// matter.
#[inline]
pub(crate) fn check(method: &str, target: &str) -> Result<(), Refusal> {
    if target.as_bytes().first() == Some(&b'/') && method != "CONNECT" {
        return Ok(());
    }
    check_unusual(method, target)
}

#[cold]
fn check_unusual(method: &str, target: &str) -> Result<(), Refusal> {
    match method {
        // A 200 would promise a tunnel.
        "CONNECT" => Err(Refusal::NotImplemented),
        "OPTIONS" if target == "*" => Ok(()),
        _ if is_absolute(target) => Ok(()),
        _ => Err(Refusal::Malformed),
    }
}

/// `scheme://authority`, whatever follows.
fn is_absolute(target: &str) -> bool {
    let Some((scheme, rest)) = target.split_once("://") else {
        return false;
    };
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        && !rest.is_empty()
        && !rest.starts_with(['/', '?', '#'])
}

/// The value of a Host field that was found to be one: 8 to 16 bytes, the later ones 0 where there are
/// fewer, as no value has such a byte. A client sends the same with every request, and to compare costs
/// a tenth of what looking at each byte does.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct KnownHost {
    first: u64,
    rest: u64,
}

impl KnownHost {
    /// Whether the value is a host, perhaps empty, and perhaps a port (RFC 9110, section 7.2).
    #[inline]
    pub(crate) fn accepts(&mut self, value: &[u8]) -> bool {
        let (Some(first), Some(last)) = (value.first_chunk(), value.last_chunk()) else {
            return is_host(value);
        };
        if value.len() > 16 {
            return is_host(value);
        }
        // The last 8 bytes without those that are of the first as well.
        let shared = 8 * (16 - value.len() as u32);
        let this = Self {
            first: u64::from_le_bytes(*first),
            rest: u64::from_le_bytes(*last).unbounded_shr(shared),
        };
        *self == this || self.learn(this, value)
    }

    #[cold]
    fn learn(&mut self, this: Self, value: &[u8]) -> bool {
        let valid = is_host(value);
        if valid {
            *self = this;
        }
        valid
    }
}

/// The bytes of host names and of addresses of IPv4.
static USUAL: [bool; 256] = {
    let mut usual = [false; 256];
    let mut byte = 0;
    while byte < usual.len() {
        let character = byte as u8;
        usual[byte] = character.is_ascii_alphanumeric() || matches!(character, b'.' | b'-');
        byte += 1;
    }
    usual
};

fn is_host(value: &[u8]) -> bool {
    let end = value.iter().position(|byte| !USUAL[usize::from(*byte)]);
    match end.map(|end| &value[end..]) {
        None => true,
        Some([b':', port @ ..]) => is_port(port),
        Some(_) => is_unusual_host(value),
    }
}

fn is_port(digits: &[u8]) -> bool {
    digits.iter().all(u8::is_ascii_digit)
}

/// An address of IPv6, or a registered name with characters that no host name has (RFC 3986, section
/// 3.2.2).
#[cold]
fn is_unusual_host(value: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(value) else {
        return false;
    };
    if let Some(literal) = text.strip_prefix('[') {
        return literal.split_once(']').is_some_and(|(address, rest)| {
            let port = rest.strip_prefix(':').unwrap_or_default();
            address.parse::<Ipv6Addr>().is_ok()
                && (rest.is_empty() || rest.starts_with(':'))
                && is_port(port.as_bytes())
        });
    }
    let (name, port) = text.split_once(':').unwrap_or((text, ""));
    is_registered_name(name.as_bytes()) && is_port(port.as_bytes())
}

fn is_registered_name(mut name: &[u8]) -> bool {
    while let [first, rest @ ..] = name {
        name = match (first, rest) {
            (b'%', [high, low, rest @ ..])
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                rest
            }
            _ if first.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(first) => rest,
            _ => return false,
        };
    }
    true
}
