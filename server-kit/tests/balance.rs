//! How connections are shared out among listeners.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};

use server_kit::{Balance, Listeners};

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);
const V6_ANY: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

/// Listeners that take turns; none where this kernel or user may not have them.
fn turns(address: IpAddr, count: usize) -> Option<Listeners> {
    match Listeners::bind(SocketAddr::new(address, 0), count, Balance::Turns) {
        Ok(listeners) => {
            assert_eq!(listeners.balance, Balance::Turns);
            Some(listeners)
        }
        Err(refusal) => {
            let message = format!("{refusal:#}");
            assert!(
                message.contains("CAP_BPF") || message.contains("needs Linux 5."),
                "{message}"
            );
            eprintln!("not tested here: {message}");
            None
        }
    }
}

/// Makes that many connections to the listeners' port, one after the other.
fn connect(listeners: &Listeners, to: IpAddr, count: usize) -> Vec<TcpStream> {
    let address = SocketAddr::new(to, listeners.address.port());
    (0..count)
        .map(|_| TcpStream::connect(address).expect("the port listens"))
        .collect()
}

/// How many connections wait at each listener.
fn shares(listeners: &Listeners) -> Vec<usize> {
    let waiting = listeners.sockets.iter().map(|listener| {
        let mut count = 0;
        loop {
            match listener.accept() {
                Ok(_) => count += 1,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break count,
                Err(error) => panic!("{error}"),
            }
        }
    });
    waiting.collect()
}

#[test]
fn turns_are_even() {
    for (listen, to) in [(V4, V4), (V6, V6), (V6_ANY, V4), (V6_ANY, V6)] {
        let Some(listeners) = turns(listen, 8) else {
            return;
        };
        for connections in [48, 50] {
            let clients = connect(&listeners, to, connections);
            let shares = shares(&listeners);
            drop(clients);
            assert_eq!(shares.iter().sum::<usize>(), connections);
            let (least, most) = (shares.iter().min(), shares.iter().max());
            assert!(
                most.zip(least)
                    .is_some_and(|(most, least)| most - least <= 1),
                "{listen} to {to}: {shares:?}"
            );
        }
    }
}

#[test]
fn the_group_is_in_the_order_of_the_workers() {
    let Some(listeners) = turns(V4, 8) else {
        return;
    };
    for worker in 0..20 {
        let client = connect(&listeners, V4, 1);
        let mut expected = vec![0; 8];
        expected[worker % 8] = 1;
        assert_eq!(shares(&listeners), expected);
        drop(client);
    }
}

#[test]
fn a_listener_that_closes_is_missed_by_nobody() {
    let Some(mut listeners) = turns(V4, 8) else {
        return;
    };
    listeners.sockets.remove(2);
    let clients = connect(&listeners, V4, 80);
    let shares = shares(&listeners);
    drop(clients);
    assert_eq!(shares.iter().sum::<usize>(), 80);
    assert!(shares.iter().all(|&share| share >= 10), "{shares:?}");
}

#[test]
fn a_hash_loses_none() {
    let any = SocketAddr::new(V4, 0);
    let listeners = Listeners::bind(any, 8, Balance::Hash).unwrap();
    assert_eq!(listeners.balance, Balance::Hash);
    let clients = connect(&listeners, V4, 50);
    let shares = shares(&listeners);
    drop(clients);
    println!("by hash: {shares:?}");
    assert_eq!(shares.iter().sum::<usize>(), 50);
}

#[test]
fn auto_settles_for_one_of_the_others() {
    let any = SocketAddr::new(V4, 0);
    let listeners = Listeners::bind(any, 2, Balance::Auto).unwrap();
    let expected = match turns(V4, 2) {
        Some(_) => Balance::Turns,
        None => Balance::Hash,
    };
    assert_eq!(listeners.balance, expected);
}
