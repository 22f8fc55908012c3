//! Whoever polled a socket last is woken, by whatever waker, and in whichever task.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::io::Write;
use std::net::TcpStream as StdStream;
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use kio_rs::{TcpStream, spawn_local};
use support::{configurations, serve_one};

/// A waker as that of a combinator which wants to know which of its futures was woken.
struct Wrapped {
    inner: Waker,
    woken: AtomicU32,
}

impl Wrapped {
    fn new(context: &Context<'_>) -> Arc<Self> {
        Arc::new(Self {
            inner: context.waker().clone(),
            woken: AtomicU32::new(0),
        })
    }

    fn woken(&self) -> u32 {
        self.woken.load(Ordering::Relaxed)
    }
}

impl Wake for Wrapped {
    fn wake(self: Arc<Self>) {
        self.woken.fetch_add(1, Ordering::Relaxed);
        self.inner.wake_by_ref();
    }
}

async fn wrapped() -> Arc<Wrapped> {
    poll_fn(|context| Poll::Ready(Wrapped::new(context))).await
}

/// Polls a receive of the stream once, in vain.
async fn begin(stream: &mut TcpStream, waker: Option<&Waker>) {
    let mut receive = pin!(stream.recv());
    poll_fn(|context| {
        let mut context = Context::from_waker(waker.unwrap_or(context.waker()));
        assert!(receive.as_mut().poll(&mut context).is_pending());
        Poll::Ready(())
    })
    .await;
}

/// Serves, on every kind of ring, a client that sends a byte each time it is told to.
fn serve_a_teller<F: Future<Output = ()> + 'static>(
    main: impl Fn(TcpStream, mpsc::Sender<()>) -> F + Copy + Send + Sync + 'static,
) {
    for config in configurations() {
        let (tell, told) = mpsc::channel::<()>();
        let tell = Mutex::new(Some(tell));
        let client = move |mut stream: StdStream| {
            while told.recv_timeout(Duration::from_secs(20)).is_ok() {
                stream.write_all(b"x").unwrap();
            }
        };
        serve_one(&config, client, move |stream, _listener| {
            main(stream, tell.lock().unwrap().take().unwrap())
        })
        .unwrap();
    }
}

#[test]
fn a_waker_of_another_kind_and_the_task_s_own_take_turns() {
    serve_a_teller(|mut stream, tell| async move {
        // First the other, then its own: only its own is woken.
        let other = wrapped().await;
        begin(&mut stream, Some(&other.clone().into())).await;
        begin(&mut stream, None).await;
        tell.send(()).unwrap();
        assert_eq!(&*stream.recv().await.unwrap(), b"x");
        assert_eq!(other.woken(), 0);
        // First its own, then the other: the other is woken, and wakes the task.
        begin(&mut stream, None).await;
        begin(&mut stream, Some(&other.clone().into())).await;
        tell.send(()).unwrap();
        poll_fn(|_| {
            if other.woken() == 0 {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
        assert_eq!(&*stream.recv().await.unwrap(), b"x");
    });
}

#[test]
fn a_stream_that_one_task_has_polled_wakes_the_next_one() {
    serve_a_teller(|mut stream, tell| async move {
        begin(&mut stream, None).await;
        let waiting = Rc::new(RefCell::new(None::<Waker>));
        let (received, waits) = (Rc::new(RefCell::new(Vec::new())), Rc::clone(&waiting));
        let result = Rc::clone(&received);
        spawn_local(async move {
            begin(&mut stream, None).await;
            tell.send(()).unwrap();
            let bytes = stream.recv().await.unwrap().to_vec();
            *result.borrow_mut() = bytes;
            let waker = waits.borrow_mut().take();
            waker.inspect(Waker::wake_by_ref);
        });
        poll_fn(|context| {
            *waiting.borrow_mut() = Some(context.waker().clone());
            if received.borrow().is_empty() {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
        assert_eq!(*received.borrow(), b"x");
    });
}
