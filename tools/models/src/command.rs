// SPDX-License-Identifier: GPL-2.0

//! Commands: what software asks for by a register write, and hardware shows as busy until it is
//! done.
//!
//! The models have no clock. Time passes by the reads of the register that tells whether the
//! command is still busy, and a command takes effect when it is seen to be over: a driver that does
//! not wait goes on with the state before.

/// What a look at a command finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Poll<T> {
    /// There is none.
    Idle,
    /// It runs.
    Busy(T),
    /// It was just completed: it has to take effect now.
    Done(T),
}

/// The place of one command at a time.
pub(crate) struct Command<T> {
    /// What runs, and how many looks will still find it busy.
    running: Option<(T, u32)>,
}

impl<T: Copy> Command<T> {
    pub(crate) const fn new() -> Self {
        Self { running: None }
    }

    /// What runs.
    pub(crate) fn running(&self) -> Option<T> {
        self.running.map(|(what, _)| what)
    }

    /// Starts a command that the next `reads` looks find busy; one that runs already is forgotten.
    pub(crate) fn start(&mut self, what: T, reads: u32) {
        self.running = Some((what, reads));
    }

    /// A look. One that is `stuck` is busy for ever.
    pub(crate) fn poll(&mut self, stuck: bool) -> Poll<T> {
        match &mut self.running {
            None => Poll::Idle,
            Some((what, _)) if stuck => Poll::Busy(*what),
            Some((what, reads)) if *reads > 0 => {
                *reads -= 1;
                Poll::Busy(*what)
            }
            Some((what, _)) => {
                let what = *what;

                self.running = None;
                Poll::Done(what)
            }
        }
    }
}
