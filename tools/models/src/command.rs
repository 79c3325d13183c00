// SPDX-License-Identifier: GPL-2.0

//! Commands. Software starts a command by a register write, and the hardware shows it as busy until
//! it is done.
//!
//! The models have no clock. A command is busy for a number of reads of the register that shows
//! whether it is busy, and takes effect with the first read that shows it as done. So a driver that
//! does not wait continues with the state before the command.

/// The result of polling a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Poll<T> {
    /// No command runs.
    Idle,
    /// The command runs.
    Busy(T),
    /// The command has just completed: it has to take effect now.
    Done(T),
}

/// The default of the knob `busy_seed`.
pub(crate) const BUSY_SEED: u32 = 1;

/// How long commands are busy.
pub(crate) struct Pace {
    /// Commands started.
    started: u32,
}

impl Pace {
    pub(crate) const fn new() -> Self {
        Self { started: 0 }
    }

    /// The number of polls that find the next command busy: `reads` if that is not 0, else a number
    /// up to 3 that depends on `seed` and on the number of commands before, else 0.
    pub(crate) fn next(&mut self, reads: u32, seed: u32) -> u32 {
        if reads != 0 || seed == 0 {
            return reads;
        }
        self.started = self.started.wrapping_add(1);

        // A multiplication and a shift mix all bits into the uppermost ones.
        let mixed = (seed ^ self.started.wrapping_mul(0x9e37_79b9)).wrapping_mul(0x85eb_ca6b);
        (mixed ^ mixed >> 13).wrapping_mul(0xc2b2_ae35) >> 30
    }
}

/// A slot for one command at a time.
pub(crate) struct Command<T> {
    /// The running command, and how many more polls find it busy.
    running: Option<(T, u32)>,
}

impl<T: Copy> Command<T> {
    pub(crate) const fn new() -> Self {
        Self { running: None }
    }

    /// The running command.
    pub(crate) fn running(&self) -> Option<T> {
        self.running.map(|(what, _)| what)
    }

    /// Starts a command that the next `reads` polls find busy. It replaces one that runs already.
    pub(crate) fn start(&mut self, what: T, reads: u32) {
        self.running = Some((what, reads));
    }

    /// Replaces the running command by another one, which is done at the same time.
    pub(crate) fn replace(&mut self, what: T) {
        if let Some((running, _)) = &mut self.running {
            *running = what;
        }
    }

    /// Polls the command. If `stuck`, it stays busy for ever.
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
