//! Two network namespaces joined by a pair of virtual Ethernet devices.
//!
//! Both are gone when the processes in them are, the harness among them: nothing has to be removed, and
//! nothing can be left behind. Nobody else sees their addresses.

use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::log::Log;
use super::namespace::Namespace;
use super::process::{Confinement, Process};
use crate::subjects::find_command;

/// The range that RFC 2544 keeps for measurements of networks.
const SERVER: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 1);
const CLIENT: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 2);
const SERVER_DEVICE: &str = "kio-server";
const CLIENT_DEVICE: &str = "kio-client";
const MTU: &str = "1500";
/// What a new namespace has from the kernel and not from this machine.
const SETTINGS: [&str; 2] = ["/proc/sys/net/ipv4", "/proc/sys/net/core"];
const PATIENCE: Duration = Duration::from_secs(20);

/// The two ends.
#[derive(Debug)]
pub struct Link {
    /// Where servers run.
    pub server: Namespace,
    /// Where the load is made.
    pub client: Namespace,
}

impl Link {
    /// The server's address.
    pub const ADDRESS: IpAddr = IpAddr::V4(SERVER);
    /// The server's device.
    pub const DEVICE: &str = SERVER_DEVICE;

    /// Makes both ends, with this machine's network settings.
    ///
    /// # Errors
    /// When the kernel or `ip` refuses; the message says what is needed.
    pub fn make() -> Result<Self> {
        let ip = find_command(Path::new("ip")).context(
            "ip, which joins network namespaces, is not in PATH; install it with `apt-get install iproute2` \
             (Debian, Ubuntu), or use --host local",
        )?;
        let link = Self {
            server: Namespace::new()?,
            client: Namespace::new()?,
        };
        let settings = settings();
        let client_path = link.client.path().display().to_string();
        let (server_net, client_net) = (format!("{SERVER}/30"), format!("{CLIENT}/30"));
        let pair = [
            "link",
            "add",
            SERVER_DEVICE,
            "mtu",
            MTU,
            "type",
            "veth",
            "peer",
            "name",
            CLIENT_DEVICE,
            "mtu",
            MTU,
            "netns",
            &client_path,
        ];
        run(&ip, &pair, &link.server)?;
        let ends = [
            (&link.server, SERVER_DEVICE, &server_net),
            (&link.client, CLIENT_DEVICE, &client_net),
        ];
        for (namespace, device, net) in ends {
            namespace.inside(|| apply(&settings))?;
            run(&ip, &["address", "add", net, "dev", device], namespace)?;
            for device in ["lo", device] {
                run(&ip, &["link", "set", device, "up"], namespace)?;
            }
        }
        Ok(link)
    }
}

/// Runs `ip` in a namespace.
fn run(ip: &Path, arguments: &[&str], namespace: &Namespace) -> Result<()> {
    let words = arguments.join(" ");
    let place = || format!("cannot run `ip {words}`");
    let mut log = Log::new().context("cannot make a temporary file")?;
    let mut command = Command::new(ip);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log.stdio()?);
    let confinement = Confinement {
        namespace: Some(namespace.clone()),
        ..Confinement::default()
    };
    let mut process = Process::start_confined(&mut command, confinement).with_context(place)?;
    let status = process.wait_until(Instant::now() + PATIENCE);
    let Some(status) = status.with_context(place)? else {
        bail!("`ip {words}` did not end in {PATIENCE:?}");
    };
    ensure!(
        status.success(),
        "`ip {words}` failed with {status}{}; --host netns needs root and a kernel with veth devices: use --host \
         local",
        log.last_words()
    );
    Ok(())
}

/// The network settings that the calling thread's namespace has, by their file.
fn settings() -> BTreeMap<String, String> {
    let files = SETTINGS.iter().filter_map(|path| fs::read_dir(path).ok());
    let setting = |file: fs::DirEntry| {
        let path = file.path().to_str()?.to_owned();
        Some((path.clone(), fs::read_to_string(path).ok()?))
    };
    files.flatten().flatten().filter_map(setting).collect()
}

/// Gives the calling thread's namespace the settings. What it does not have of its own, or does not
/// take, stays: the record of the run has what is in effect.
fn apply(settings: &BTreeMap<String, String>) -> Result<()> {
    for (path, wanted) in settings {
        let is = fs::read_to_string(path);
        if is.is_ok_and(|is| is != *wanted) {
            let _ = fs::write(path, wanted);
        }
    }
    Ok(())
}
