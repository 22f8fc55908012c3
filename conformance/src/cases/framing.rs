//! Requests with bodies. The bodies look like requests, so that a server which loses its place
//! answers them.

use std::net::SocketAddr;

use super::{GET, HELLO};
use crate::client::Client;
use crate::failure::Failure;

const MIB: usize = 1 << 20;

pub(crate) fn body_1_mib(server: SocketAddr) -> Result<(), Failure> {
    let head = format!("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {MIB}\r\n\r\n");
    let mut body = GET.repeat(MIB / GET.len() + 1);
    body.truncate(MIB);
    let mut client = Client::connect(server)?;
    let request = [head.as_bytes(), &body, GET].concat();
    client.exchange(&request, &HELLO.repeat(2))?;
    client.finish()
}

pub(crate) fn chunked_body(server: SocketAddr) -> Result<(), Failure> {
    let head = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut request = head.to_vec();
    for data in [GET, b"\r\n0\r\n\r\n", &GET.repeat(1000)] {
        request.extend(format!("{:X};name=\"value\";other\r\n", data.len()).bytes());
        request.extend(data);
        request.extend(b"\r\n");
    }
    request.extend(b"0\r\nTrailer: value\r\n\r\n");
    request.extend(GET);

    let mut client = Client::connect(server)?;
    client.exchange(&request, &HELLO.repeat(2))?;
    for piece in request[..400].chunks(7) {
        client.send(piece);
    }
    client.exchange(&request[400..], &HELLO.repeat(2))?;
    client.finish()
}
