//! Who closes the connection, and when.

use std::net::SocketAddr;

use super::{GET, HELLO, HELLO_CLOSE, HELLO_KEEP_ALIVE};
use crate::client::Client;
use crate::failure::Failure;

pub(crate) fn connection_close(server: SocketAddr) -> Result<(), Failure> {
    let closing = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: foo, Close\r\n\r\n";
    let mut client = Client::connect(server)?;
    client.send(closing);
    client.receive(HELLO_CLOSE)?;
    client.expect_close()?;

    let mut client = Client::connect(server)?;
    client.send(&[GET, closing, GET].concat());
    client.receive(&[HELLO, HELLO_CLOSE].concat())?;
    client.expect_close()
}

pub(crate) fn http_1_0(server: SocketAddr) -> Result<(), Failure> {
    let mut client = Client::connect(server)?;
    client.send(b"GET / HTTP/1.0\r\n\r\n");
    client.receive(HELLO_CLOSE)?;
    client.expect_close()?;

    let mut client = Client::connect(server)?;
    for _ in 0..2 {
        client.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        client.receive(HELLO_KEEP_ALIVE)?;
    }
    client.finish()
}

pub(crate) fn half_closed_client(server: SocketAddr) -> Result<(), Failure> {
    for requests in [1, 100] {
        let mut client = Client::connect(server)?;
        client.send(&GET.repeat(requests));
        client.finish_sending();
        client.receive(&HELLO.repeat(requests))?;
        client.expect_close()?;
    }
    Ok(())
}
