//! The network device that the load goes over: its kind, its size of packets, its offloads.

use std::fs;
use std::net::{IpAddr, UdpSocket};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, anyhow, ensure};
use ethtool::{EthtoolAttr, EthtoolFeatureAttr};
use futures_util::TryStreamExt;
use nix::ifaddrs::getifaddrs;
use records::NetworkDevice;
use serde::Deserialize;

use super::read_trimmed;

/// The device of load and server on one machine.
pub const LOOPBACK: &str = "lo";

const DEVICES: &str = "/sys/class/net";

/// The device over which this machine reaches an address.
///
/// # Errors
/// When there is no way to it.
pub fn device_towards(address: IpAddr) -> Result<String> {
    let way = || format!("there is no way to {address}; look at `ip route get {address}`");
    let any = if address.is_ipv4() {
        "0.0.0.0:0"
    } else {
        "[::]:0"
    };
    // Connecting a datagram socket sends nothing: the kernel only chooses the way.
    let socket = UdpSocket::bind(any).with_context(way)?;
    socket.connect((address, 9)).with_context(way)?;
    let own = socket.local_addr().with_context(way)?.ip();
    device_with(own)?.with_context(way)
}

/// The device that has an address; nothing where none has it.
///
/// # Errors
/// When the devices cannot be listed.
pub fn device_with(address: IpAddr) -> Result<Option<String>> {
    let mut devices = getifaddrs().context("cannot list the network devices")?;
    let has_it = |device: &nix::ifaddrs::InterfaceAddress| {
        let found = device.address.as_ref()?;
        let v4 = found.as_sockaddr_in().map(|a| IpAddr::from(a.ip()));
        let v6 = found.as_sockaddr_in6().map(|a| IpAddr::from(a.ip()));
        Some(v4.or(v6)? == address)
    };
    let device = devices.find(|device| has_it(device) == Some(true));
    Ok(device.map(|device| device.interface_name))
}

/// What can be seen of a device of the network namespace that this thread is in.
///
/// # Errors
/// When there is none of that name.
pub(super) fn device(name: &str) -> Result<NetworkDevice> {
    let link = link(name);
    let directory = Path::new(DEVICES).join(name);
    let read = |file: &str| read_trimmed(directory.join(file));
    // /sys shows the namespace that it was mounted in, which need not be the thread's.
    let index =
        |link: &Link| read("ifindex").and_then(|index| index.parse().ok()) == Some(link.ifindex);
    let shown = link.as_ref().map_or(directory.exists(), index);
    ensure!(
        shown || link.is_some(),
        "there is no network device `{name}` here; in a network namespace of its own, install iproute2, which \
         looks there"
    );
    let read = |file: &str| read(file).filter(|_| shown);
    let driver = fs::read_link(directory.join("device/driver"))
        .ok()
        .filter(|_| shown);
    let driver = driver.as_deref().and_then(Path::file_name);
    let uevent = read("uevent").unwrap_or_default();
    let kind = match &link {
        Some(link) => link.kind(driver.is_some()),
        None => kind(&uevent, read("type").as_deref(), driver.is_some()),
    };
    Ok(NetworkDevice {
        kind: kind.to_owned(),
        driver: driver.map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        mtu_bytes: match &link {
            Some(link) => Some(link.mtu),
            None => read("mtu").and_then(|mtu| mtu.parse().ok()),
        },
        // A device without a speed says -1, or refuses the question.
        speed_mbit_per_s: read("speed").and_then(|speed| speed.parse().ok()),
        receive_queues: match &link {
            Some(link) => link.num_rx_queues,
            None => receive_queues(&directory.join("queues")),
        },
        offloads: offloads(name).ok(),
    })
}

/// What `ip` says of a device.
#[derive(Debug, Deserialize)]
struct Link {
    ifindex: u32,
    mtu: u32,
    link_type: String,
    num_rx_queues: Option<u32>,
    #[serde(default)]
    linkinfo: LinkInfo,
}

#[derive(Debug, Default, Deserialize)]
struct LinkInfo {
    info_kind: Option<String>,
}

impl Link {
    fn kind(&self, has_driver: bool) -> &str {
        match (&self.linkinfo.info_kind, self.link_type.as_str()) {
            (Some(kind), _) => kind,
            (None, "loopback") => "loopback",
            (None, _) if has_driver => "physical",
            (None, _) => "virtual",
        }
    }
}

/// Asks `ip`, which looks into the namespace of the thread that starts it; nothing without it.
fn link(name: &str) -> Option<Link> {
    let mut command = Command::new("ip");
    command.args(["-json", "-details", "link", "show", "dev", name]);
    let output = command.output().ok()?;
    let links: Vec<Link> = serde_json::from_slice(&output.stdout).ok()?;
    links.into_iter().next()
}

fn receive_queues(directory: &Path) -> Option<u32> {
    let queues = fs::read_dir(directory).ok()?.flatten();
    let receive = queues.filter(|queue| queue.file_name().as_encoded_bytes().starts_with(b"rx-"));
    u32::try_from(receive.count()).ok()
}

fn kind<'a>(uevent: &'a str, hardware_type: Option<&str>, has_driver: bool) -> &'a str {
    let mut lines = uevent.lines();
    let named = lines.find_map(|line| line.strip_prefix("DEVTYPE="));
    match (named, hardware_type, has_driver) {
        (Some(kind), _, _) => kind,
        // ARPHRD_LOOPBACK
        (None, Some("772"), _) => "loopback",
        (None, _, true) => "physical",
        (None, _, false) => "virtual",
    }
}

/// The features of a device that are on, by name.
fn offloads(name: &str) -> Result<Vec<String>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .context("cannot talk to the kernel's network")?;
    runtime.block_on(async {
        let (connection, mut handle, _) = ethtool::new_connection()?;
        tokio::spawn(connection);
        let question = handle.feature().get(Some(name)).execute();
        let answers = question.await.map_err(|error| anyhow!("{error}"))?;
        let answers: Vec<_> = answers
            .try_collect()
            .await
            .map_err(|error| anyhow!("{error}"))?;
        let attributes = answers.into_iter().flat_map(|answer| answer.payload.nlas);
        let mut active: Vec<String> = attributes.flat_map(active).collect();
        active.sort();
        Ok(active)
    })
}

fn active(attribute: EthtoolAttr) -> Vec<String> {
    let EthtoolAttr::Feature(EthtoolFeatureAttr::Active(bits)) = attribute else {
        return Vec::new();
    };
    let on = bits.into_iter().filter(|bit| bit.value);
    on.map(|bit| bit.name).collect()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn a_device_is_of_the_kind_that_the_kernel_says() {
        assert_eq!(kind("DEVTYPE=veth\nIFINDEX=2\n", Some("1"), false), "veth");
        assert_eq!(kind("INTERFACE=lo\n", Some("772"), false), "loopback");
        assert_eq!(kind("", Some("1"), true), "physical");
        assert_eq!(kind("", None, false), "virtual");
    }

    #[test]
    fn ip_says_the_same_in_its_own_words() {
        let text = r#"{"ifindex": 3, "mtu": 1500, "link_type": "ether", "num_rx_queues": 2,
                       "linkinfo": {"info_kind": "veth"}}"#;
        let mut link: Link = serde_json::from_str(text).unwrap();
        assert_eq!((link.kind(false), link.mtu), ("veth", 1500));
        link.linkinfo = LinkInfo::default();
        assert_eq!((link.kind(true), link.kind(false)), ("physical", "virtual"));
    }

    #[test]
    fn the_loopback_device_is_found_and_described() {
        assert_eq!(
            device_towards(Ipv4Addr::LOCALHOST.into()).unwrap(),
            LOOPBACK
        );
        let found = device(LOOPBACK).unwrap();
        assert_eq!(
            (found.kind.as_str(), found.driver.as_str()),
            ("loopback", "")
        );
        assert!(found.mtu_bytes.unwrap() >= 1500, "{found:?}");
        // A sandbox may keep the kernel from telling; what it tells has no bit that is off.
        if let Some(offloads) = found.offloads {
            assert!(
                offloads.iter().any(|name| name == "loopback"),
                "{offloads:?}"
            );
        }
    }

    #[test]
    fn a_device_that_is_not_there_is_an_error() {
        let message = device("no-such-device").unwrap_err().to_string();
        assert!(
            message.contains("no network device `no-such-device`"),
            "{message}"
        );
    }
}
