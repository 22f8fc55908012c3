//! Reading request heads: one request a read, and sixteen as a pipelining client sends them.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hello_http::{Connection, Mode};

const SHORT: &[u8] = b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n";
const BROWSER: &[u8] = b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: Mozilla/5.0 (X11; \
    Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\nAccept: text/html,application/xhtml+xml\
    \r\nAccept-Language: en\r\nAccept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\n\r\n";

fn feed(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("feed");
    for (name, request) in [("short", SHORT), ("browser", BROWSER)] {
        for requests in [1, 16] {
            let input = request.repeat(requests);
            group.throughput(Throughput::Elements(requests as u64));
            group.bench_function(BenchmarkId::new(name, requests), |bencher| {
                let mut connection = Connection::new(Mode::Parse);
                bencher.iter(|| black_box(connection.feed(black_box(&input))).requests);
            });
        }
    }
    group.finish();
}

criterion_group!(benches, feed);
criterion_main!(benches);
