//! What `--host` takes.

use std::fmt;
use std::str::FromStr;

/// Where servers run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum HostName {
    /// On this machine, over loopback.
    #[default]
    Local,
    /// On this machine, in a network namespace of their own.
    Netns,
    /// On another machine.
    Ssh(Destination),
}

/// A machine that ssh reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The user there; ssh's own choice when there is none.
    pub user: Option<String>,
    /// The machine, by a name that ssh knows.
    pub host: String,
    /// The port; ssh's own choice when there is none.
    pub port: Option<u16>,
}

impl HostName {
    /// The word that the results have for it, which names no machine.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Netns => "netns",
            Self::Ssh(_) => "ssh",
        }
    }
}

impl FromStr for HostName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "local" => return Ok(Self::Local),
            "netns" => return Ok(Self::Netns),
            _ => {}
        }
        let destination = text.strip_prefix("ssh://").and_then(destination);
        destination.map(Self::Ssh).ok_or_else(|| {
            format!("`{text}` is no host; give local, netns or ssh://USER@HOST:PORT (USER@ and :PORT may be left out)")
        })
    }
}

/// `[USER@]HOST[:PORT]`; an IPv6 address stands in brackets.
fn destination(text: &str) -> Option<Destination> {
    let (user, rest) = match text.rsplit_once('@') {
        Some((user, rest)) => (Some(user), rest),
        None => (None, text),
    };
    let (host, port) = match rest.strip_prefix('[') {
        Some(bracketed) => {
            let (host, port) = bracketed.split_once(']')?;
            (
                host,
                (!port.is_empty()).then(|| port.strip_prefix(':').unwrap_or("")),
            )
        }
        None => match rest.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        },
    };
    // What begins with `-` would be an option of ssh.
    let plain = |word: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || "._-:%".contains(c);
        !word.is_empty() && !word.starts_with('-') && word.chars().all(fits)
    };
    if !plain(host) || !user.is_none_or(plain) {
        return None;
    }
    Some(Destination {
        user: user.map(str::to_owned),
        host: host.to_owned(),
        port: port.map(str::parse).transpose().ok()?,
    })
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local | Self::Netns => f.write_str(self.kind()),
            Self::Ssh(destination) => write!(f, "ssh://{destination}"),
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        if self.host.contains(':') {
            write!(f, "[{}]", self.host)?;
        } else {
            f.write_str(&self.host)?;
        }
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_survive_a_round_trip() {
        for text in [
            "local",
            "netns",
            "ssh://server",
            "ssh://me@server.example:2222",
            "ssh://me@[2001:db8::1]:22",
        ] {
            assert_eq!(text.parse::<HostName>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in [
            "",
            "remote",
            "ssh://",
            "ssh://a:b",
            "ssh://-oProxyCommand=x",
            "ssh://-l@a",
            "ssh://a b",
            "ssh://@a",
            "ssh://[::1",
            "ssh://[::1]x",
            "ssh://a/b",
            "ssh://a:70000",
        ] {
            assert!(text.parse::<HostName>().is_err(), "{text}");
        }
    }
}
