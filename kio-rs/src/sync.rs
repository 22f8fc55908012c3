//! What the executor shares between threads: the standard library's types, or loom's, which try
//! every interleaving and every value that a weak memory model allows a load to see:
//! `RUSTFLAGS="--cfg loom" cargo test -p kio-rs --lib --release loom`.

#[cfg(not(all(loom, test)))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic::AtomicBool};

#[cfg(all(loom, test))]
pub(crate) use ::loom::sync::{Mutex, MutexGuard, atomic::AtomicBool};

/// A thread-local variable. As loom runs all threads of a model on one of the system's, only its
/// own kind is local to them, and that one takes no constant initialiser.
#[cfg(not(all(loom, test)))]
macro_rules! local {
    ($(#[$attribute:meta])* static $name:ident: $type:ty = $initial:expr;) => {
        ::std::thread_local! {
            $(#[$attribute])*
            static $name: $type = const { $initial };
        }
    };
}

#[cfg(all(loom, test))]
macro_rules! local {
    ($(#[$attribute:meta])* static $name:ident: $type:ty = $initial:expr;) => {
        ::loom::thread_local! {
            $(#[$attribute])*
            static $name: $type = $initial;
        }
    };
}

pub(crate) use local;
