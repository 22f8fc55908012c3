//! The workers: a thread each, with its own ring, executor and counters.

use std::future::Future;
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::task::Waker;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use server_kit::Counters;

use crate::config::Config;
use crate::context::{self, Worker};
use crate::driver::Driver;
use crate::error::Error;
use crate::executor::{Executor, Remote};
use crate::timers::TimerKey;

/// Running workers. Dropping it stops them.
pub struct Runtime {
    workers: Vec<WorkerThread>,
}

struct WorkerThread {
    thread: JoinHandle<Result<(), Error>>,
    remote: Arc<Remote>,
    counters: Arc<Counters>,
}

impl Runtime {
    /// Starts as many workers, each of which runs `main` (given its number, from 0, and its counters)
    /// and whatever that spawns. Returns when all rings are set up.
    ///
    /// # Errors
    /// When a thread, a ring or a pinning is refused; no worker is left running then.
    pub fn start<M, F>(config: &Config, workers: usize, main: M) -> Result<Self, Error>
    where
        M: Fn(usize, Arc<Counters>) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + 'static,
    {
        let mut runtime = Self {
            workers: Vec::new(),
        };
        let main = Arc::new(main);
        for number in 0..workers {
            // On an error the runtime is dropped, which stops the workers that are there.
            let worker = start_worker(config, number, Arc::clone(&main))?;
            runtime.workers.push(worker);
        }
        Ok(runtime)
    }

    /// The counters of each worker.
    pub fn counters(&self) -> Vec<Arc<Counters>> {
        self.workers
            .iter()
            .map(|worker| Arc::clone(&worker.counters))
            .collect()
    }

    /// Stops accepting and receiving, lets what is being sent finish for a second, then cancels
    /// what is left, waits until the kernel has let go of all memory, and ends the threads.
    ///
    /// # Errors
    /// The first worker's that did not end well.
    pub fn stop(mut self) -> Result<(), Error> {
        self.stop_all()
    }

    /// Waits until the tasks of every worker have ended.
    ///
    /// # Errors
    /// The first worker's that did not end well.
    pub fn join(mut self) -> Result<(), Error> {
        self.join_all()
    }

    fn stop_all(&mut self) -> Result<(), Error> {
        self.workers
            .iter()
            .for_each(|worker| worker.remote.request_stop());
        self.join_all()
    }

    fn join_all(&mut self) -> Result<(), Error> {
        let mut result = Ok(());
        for (number, worker) in self.workers.drain(..).enumerate() {
            let ended = worker
                .thread
                .join()
                .unwrap_or(Err(Error::Panicked { worker: number }));
            result = result.and(ended);
        }
        result
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        // Nobody is left to be told; `stop` is for those who want to know.
        _ = self.stop_all();
    }
}

fn start_worker<M, F>(config: &Config, number: usize, main: Arc<M>) -> Result<WorkerThread, Error>
where
    M: Fn(usize, Arc<Counters>) -> F + Send + Sync + 'static,
    F: Future<Output = ()> + 'static,
{
    let counters = Arc::new(Counters::default());
    let (ready, started) = mpsc::channel();
    let thread = {
        let (config, counters) = (config.clone(), Arc::clone(&counters));
        let body = move || match set_up(&config, number, Arc::clone(&counters)) {
            Ok((driver, executor)) => {
                tracing::info!(worker = number, driver = ?config.driver, "worker started");
                _ = ready.send(Ok(Arc::clone(executor.remote())));
                // Called as a task, so that a panic in it is one of a task.
                let ended = work(
                    &driver,
                    &executor,
                    async move { main(number, counters).await },
                );
                match &ended {
                    Ok(()) => tracing::info!(worker = number, "worker ended"),
                    Err(error) => {
                        tracing::error!(worker = number, error = ?error, "worker failed");
                    }
                }
                ended
            }
            Err(error) => {
                _ = ready.send(Err(error));
                Ok(())
            }
        };
        thread::Builder::new()
            .name(format!("kio-{number}"))
            .spawn(body)
            .map_err(Error::io("starting a thread"))?
    };
    match started.recv() {
        Ok(Ok(remote)) => Ok(WorkerThread {
            thread,
            remote,
            counters,
        }),
        Ok(Err(error)) => Err(error),
        Err(mpsc::RecvError) => Err(Error::Panicked { worker: number }),
    }
}

fn set_up(
    config: &Config,
    number: usize,
    counters: Arc<Counters>,
) -> Result<(Rc<Driver>, Rc<Executor>), Error> {
    let cpu = (!config.cpus.is_empty()).then(|| config.cpus[number % config.cpus.len()]);
    if let Some(cpu) = cpu {
        pin(cpu)?;
    }
    let driver = Rc::new(Driver::new(config, cpu, counters)?);
    let executor = Rc::new(Executor::new(
        Box::new(driver.unparker()),
        Rc::clone(driver.current()),
    ));
    Ok((driver, executor))
}

fn pin(cpu: usize) -> Result<(), Error> {
    let available = core_affinity::get_core_ids().unwrap_or_default();
    match available.iter().find(|core| core.id == cpu) {
        Some(&core) if core_affinity::set_for_current(core) => Ok(()),
        _ => {
            let available: Vec<String> = available.iter().map(|core| core.id.to_string()).collect();
            Err(Error::NoSuchCpu {
                cpu,
                available: available.join(","),
            })
        }
    }
}

/// How long a worker that was asked to stop lets its tasks finish what they were sending.
const GRACE: Duration = Duration::from_secs(1);

/// Batches of tasks that run before the ring is looked at again, so that tasks which wake each
/// other for ever cannot keep the connections waiting.
const BATCHES_A_TURN: usize = 8;

fn work(
    driver: &Rc<Driver>,
    executor: &Rc<Executor>,
    main: impl Future<Output = ()> + 'static,
) -> Result<(), Error> {
    let _guard = context::enter(Worker {
        driver: Rc::clone(driver),
        executor: Rc::clone(executor),
    });
    executor.spawn(main);
    let mut deadline = None;
    loop {
        let idle = !(0..BATCHES_A_TURN).all(|_| executor.run_batch());
        driver.counters().errors.add(executor.take_panics());
        let overdue = deadline.is_some_and(|deadline: TimerKey| deadline.has_ended(Instant::now()));
        if executor.len() == 0 || overdue {
            break;
        }
        let unparked = driver
            .turn(idle)
            .map_err(Error::io("waiting for the kernel"))?;
        if unparked && deadline.is_none() && executor.remote().is_stop_requested() {
            driver.stop();
            let mut timers = driver.timers().borrow_mut();
            let grace = timers.create(Instant::now() + GRACE);
            // It need only end the sleep in the kernel.
            drop(timers.set(grace, Waker::noop().clone()));
            deadline = Some(grace);
        }
    }
    executor.clear();
    driver.counters().errors.add(executor.take_panics());
    driver.shut_down().map_err(Error::io("ending the driver"))
}

/// Whether this worker was asked to stop.
///
/// # Panics
/// On a thread that is no worker's.
pub fn is_stopping() -> bool {
    context::driver("is_stopping").stopping()
}
