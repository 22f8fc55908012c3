//! `peer-hyper`: the HTTP hello server on [hyper](https://hyper.rs), over a current-thread Tokio
//! runtime a worker. The only peer with an HTTP parser of its own.
//!
//! Answers are the same bytes as the others': no `Date`, names in title case. Pipelined answers go
//! out together (`pipeline_flush`).
#![forbid(unsafe_code)]

use std::convert::Infallible;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use peer_kit::{Peer, Worker, accept_failed};
use server_kit::{CommonArgs, Counters};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, LocalOptions};
use tokio::task::spawn_local;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The hello server on hyper
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    common: CommonArgs,
}

const PEER: Peer = Peer {
    package: "hyper",
    driver: "tokio-per-core",
    ring_flags: &[],
    features: &["hyper-parser", "pipeline-flush", "mimalloc"],
};

fn main() -> ExitCode {
    let args = Args::parse();
    peer_kit::exit_code(
        check(&args.common).and_then(|()| peer_kit::serve(&args.common, &PEER, work)),
    )
}

fn check(args: &CommonArgs) -> Result<()> {
    ensure!(
        !args.no_parse,
        "hyper reads every request; leave out --no-parse"
    );
    ensure!(
        args.body_bytes.is_none(),
        "the answer of this server has one length; leave out --body-bytes"
    );
    Ok(())
}

fn work(worker: Worker) -> Result<Infallible> {
    // Without the timer, which nothing here needs.
    let runtime = Builder::new_current_thread()
        .enable_io()
        .build_local(LocalOptions::default())
        .context("cannot start a Tokio runtime")?;
    runtime.block_on(accept(worker))
}

async fn accept(worker: Worker) -> Result<Infallible> {
    let listener = TcpListener::from_std(worker.listener.try_clone()?)
        .context("cannot register the listener with Tokio")?;
    worker.ready();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                worker.counters.accepts.add(1);
                spawn_local(serve(stream, Arc::clone(&worker.counters)));
            }
            Err(error) => accept_failed(error, &worker.counters)?,
        }
    }
}

async fn serve(stream: TcpStream, counters: Arc<Counters>) {
    let hello = service_fn(|request| hello(request, &counters));
    let connection = http1::Builder::new()
        .auto_date_header(false)
        .title_case_headers(true)
        .pipeline_flush(true)
        // A client may shut its side down and still wait for answers.
        .half_close(true)
        .serve_connection(TokioIo::new(stream), hello);
    if connection.await.is_err() {
        counters.errors.add(1);
    }
    counters.closes.add(1);
}

/// Answers every request the same, once all of it has come, without an allocation of its own.
async fn hello(
    request: Request<Incoming>,
    counters: &Counters,
) -> hyper::Result<Response<Full<Bytes>>> {
    let mut body = request.into_body();
    while let Some(frame) = body.frame().await {
        frame?;
    }
    counters.requests.add(1);
    let body = Full::new(Bytes::from_static(b"Hello, World!"));
    Ok(Response::new(body))
}
